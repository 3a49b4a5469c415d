"""The evidence bundle: a directory with the tables of a range as Parquet and JSON, model cards, hashes and a verifier."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from ml_monitor.audit import canonical, verify
from ml_monitor.audit.cards import model_cards, safe_name
from ml_monitor.audit.environment import environment
from ml_monitor.audit.errors import AuditError, EmptyRange
from ml_monitor.audit.periods import monitoring_reports, training_reports
from ml_monitor.audit.tables import TABLES, Table
from ml_monitor.settings import DbtProject
from ml_monitor.warehouse import MissingTable, Row, Session, Warehouse

FORMAT = 1
_REPORTS = {".html", ".json", ".md"}


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished bundle."""

    path: Path
    head: str
    rows: Mapping[str, int]
    absent: tuple[str, ...]


def export(warehouse: Warehouse, project: DbtProject, output: Path, start: datetime, end: datetime) -> Exported:
    """Write what is known about [start, end) to the directory `output`, whole or not at all. Equal tables give equal bytes.

    Raises:
        AuditError: The range runs backwards, or `output` exists or cannot be written.
        EmptyRange: No window was judged in it.
        MissingTable: A table of the package is not there.
    """
    if start >= end:
        raise AuditError(f"--from {start} is not before --to {end}: nothing lies between them")
    output = output.expanduser().absolute()
    if output.exists() or output.is_symlink():
        raise AuditError(f"{output} exists. A bundle is never written over: give another --output, or move it away.")
    columns = _columns(warehouse)
    tables, absent = _read(warehouse, set(columns), start, end)
    draft = _draft(output)
    try:
        described = {table.name: _write(draft, table, rows, columns[table.name]) for table, rows in tables.items()}
        by_name = {table.name: rows for table, rows in tables.items()}
        written = model_cards(by_name, start, end) | monitoring_reports(by_name, start, end) | training_reports(by_name)
        for name, text in written.items():
            _text(draft / name, text)
        _text(draft / "environment.json", canonical.canonical(environment(project)) + "\n")
        for version in by_name["model_versions"]:
            _reports(draft, version)
        shutil.copyfile(verify.__file__, draft / "verify.py")
        manifest = {
            "format": FORMAT,
            "from": canonical.plain(start),
            "to": canonical.plain(end),
            "absent": absent,
            "tables": described,
            "files": {
                path.relative_to(draft).as_posix(): {"bytes": path.stat().st_size, "sha256": verify.sha256(path.read_bytes())}
                for path in sorted(draft.rglob("*"))
                if path.is_file()
            },
        }
        head = verify.head_of(manifest)
        _text(draft / verify.MANIFEST, canonical.canonical(manifest | {"head": head}) + "\n")
        # Made for this user alone by mkdtemp; the bundle is for whoever may read the directory it is put into.
        draft.chmod(0o755)
        draft.rename(output)
    except OSError as error:
        raise AuditError(f"cannot write {output}: {error}. Nothing was written.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Exported(output, head, {table.name: len(rows) for table, rows in tables.items()}, tuple(absent))


def _read(warehouse: Warehouse, existing: set[str], start: datetime, end: datetime) -> tuple[dict[Table, list[Row]], list[str]]:
    """All tables as of one moment: one transaction, which PostgreSQL must be told to see as one."""
    tables: dict[Table, list[Row]] = {}
    absent = []
    with warehouse.transaction() as session:
        if warehouse.dialect == "postgresql":
            session.execute("set transaction isolation level repeatable read, read only")
        for table in TABLES:
            if (table.history or table.optional) and table.name not in existing:
                absent.append(table.name)
                continue
            tables[table] = _rows(warehouse, session, table, start, end)
            if table.name == "verdicts" and not tables[table]:
                raise EmptyRange(_no_verdicts(warehouse, session, start, end))
    return tables, absent


def _rows(warehouse: Warehouse, session: Session, table: Table, start: datetime, end: datetime) -> list[Row]:
    where = f" where {table.time} >= :start and {table.time} < :end" if table.time else ""
    given = {"start": start, "end": end} if table.time else {}
    rows = session.query(f"select * from {warehouse.table(table.name)}{where}", given)
    order = (table.time, *table.key) if table.time and table.appended else table.key
    # Not the warehouse's order, which depends on its collation.
    return sorted(rows, key=lambda row: [canonical.canonical(canonical.plain(row[name])) for name in order])


def _columns(warehouse: Warehouse) -> dict[str, list[str]]:
    rows = warehouse.query(
        "select table_name, column_name from information_schema.columns where table_schema = :schema "
        "order by table_name, ordinal_position",
        {"schema": warehouse.schema},
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(str(row["table_name"]).removeprefix("ml_monitor__"), []).append(str(row["column_name"]))
    missing = [f"ml_monitor__{table.name}" for table in TABLES if not (table.history or table.optional or table.name in found)]
    if not found:
        raise MissingTable(f"no table is in schema {warehouse.schema} of {warehouse.place}: run `dbt build` first")
    if missing:
        raise MissingTable(f"{', '.join(missing)} not in schema {warehouse.schema} of {warehouse.place}: run `dbt build` first")
    return found


def _no_verdicts(warehouse: Warehouse, session: Session, start: datetime, end: datetime) -> str:
    known = session.query(f"select min(window_start) as first, max(window_end) as last from {warehouse.table('verdicts')}")[0]
    span = f"verdicts go from {known['first']} to {known['last']}" if known["first"] else "there is no verdict: run `dbt build`"
    return f"no window was judged from {start} to {end}; {span}. Nothing was written."


def _write(draft: Path, table: Table, rows: Sequence[Row], columns: Sequence[str]) -> dict[str, Any]:
    lines = [canonical.line(row).encode() for row in rows]
    data = draft / "data"
    data.mkdir(exist_ok=True)
    (data / f"{table.name}.jsonl").write_bytes(b"".join(one + b"\n" for one in lines))
    _parquet(data / f"{table.name}.parquet", rows, columns)
    hashes, by_column = verify.hashes_of(lines)
    chain = {"chain": verify.chain_of(hashes)} if table.appended else {}
    return {"key": list(table.key), "time": table.time, "rows": hashes, "columns": by_column, **chain}


def _parquet(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({name: pa.array([_cell(row[name]) for row in rows]) for name in columns}), path, compression="zstd")


def _cell(value: Any) -> Any:
    return canonical.plain(value) if isinstance(value, Decimal) else value


def _reports(draft: Path, version: Row) -> None:
    """What training left beside the model: reports, never the model or its data."""
    uri = urlparse(str(version["artifact_uri"] or ""))
    directory = Path(unquote(uri.path)).parent
    if uri.scheme not in ("", "file") or not uri.path or not directory.is_dir():
        return
    place = draft / "reports" / safe_name(version["monitor"]) / safe_name(version["model_version"])
    for path in sorted(directory.iterdir()):
        if path.is_file() and not path.is_symlink() and path.suffix in _REPORTS:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place / path.name)


def _text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def _draft(output: Path) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
    except OSError as error:
        raise AuditError(f"cannot write {output}: {error}. Nothing was written.") from error
