"""One short connection per operation, on DuckDB and on Postgres."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from ml_monitor.warehouse import errors

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
Parameters = Mapping[str, Any]

_NO_PARAMETERS: Parameters = {}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_CONNECT_TIMEOUT = 10

# DuckDB has no table lock; only threads of one process can be in the file at the same time.
_duckdb_writers = threading.RLock()


class Session:
    """Statements of one open connection. Values are always bound; `:name` marks them in the SQL, `in :names` a list of them."""

    def __init__(self, connection: Connection, schema: str, place: str) -> None:
        self._connection = connection
        self._schema = schema
        self._place = place

    def query(self, sql: str, params: Parameters = _NO_PARAMETERS) -> list[Row]:
        """The rows of a query, as dictionaries."""
        return [dict(row) for row in self._run(sql, params).mappings()]

    def frame(self, sql: str, params: Parameters = _NO_PARAMETERS) -> "pd.DataFrame":
        """The rows of a query, as a data frame."""
        import pandas as pd

        result = self._run(sql, params)
        if self._connection.dialect.name == "duckdb":
            # The driver's own frame is twenty times as fast as a frame of Python rows.
            frame: pd.DataFrame = result.cursor.df()
            return frame
        return pd.DataFrame(result.fetchall(), columns=list(result.keys()))

    def execute(self, sql: str, params: Parameters = _NO_PARAMETERS) -> None:
        """Run a statement that returns nothing."""
        self._run(sql, params)

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows to a package table. All rows have the columns of the first."""
        if not rows:
            return
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in rows[0]]
        target = sa.table(_table_name(table), *columns, schema=self._schema)
        self._guard(lambda: self._connection.execute(sa.insert(target), [dict(row) for row in rows]))

    def _run(self, sql: str, params: Parameters) -> sa.CursorResult[Any]:
        lists = (name for name, value in params.items() if isinstance(value, list))
        expanded: list[sa.BindParameter[Any]] = [sa.bindparam(name, expanding=True) for name in lists]
        statement = sa.text(sql).bindparams(*expanded)
        result: sa.CursorResult[Any] = self._guard(lambda: self._connection.execute(statement, dict(params)))
        return result

    def _guard(self, run: Any) -> Any:
        try:
            return run()
        except DBAPIError as error:
            raise errors.statement_error(error, self._place) from error


class Warehouse:
    """The database that holds the package tables.

    A DuckDB handle locks its file for every other process, so nothing is kept open between operations, and a
    file that is held by another process is waited for.

    Args:
        url: SQLAlchemy URL, e.g. `duckdb:///flights.duckdb` or `postgresql+psycopg2://user@host/database`.
        schema: Schema of the package tables.
        lock_timeout: Seconds to wait for a DuckDB file that another process holds.
        duckdb_config: Options that the file is opened with. DuckDB refuses a second connection of the same
            process unless they are equal, so they must be those of the dbt profile.
        read_only: Open connections that cannot write. Any number of processes may read a DuckDB file together.
        salt: Of hashed categories, for every session with DuckDB. PostgreSQL takes it from the environment (`PGOPTIONS`).
    """

    def __init__(
        self,
        url: str | URL,
        schema: str = "ml_monitor",
        *,
        lock_timeout: float = 30.0,
        duckdb_config: Mapping[str, Any] | None = None,
        read_only: bool = False,
        salt: str | None = None,
    ) -> None:
        self.url = make_url(url)
        self.schema = schema
        self._lock_timeout = lock_timeout
        self._engine = _engine(self.url, dict(duckdb_config or {}), read_only, salt)

    @classmethod
    def from_dbt(
        cls,
        project_dir: Path | str,
        target: str | None = None,
        profiles_dir: Path | str | None = None,
        *,
        lock_timeout: float = 30.0,
        read_only: bool = False,
    ) -> Self:
        """The warehouse of a dbt project: URL from its profile, schema from its manifest if it was parsed.

        Raises:
            ProjectError: No project, profile or target, or an adapter that Python cannot reach.
        """
        from ml_monitor.settings import DbtProject

        project = DbtProject.load(Path(project_dir), target, Path(profiles_dir) if profiles_dir else None)
        connection = project.connection()
        return cls(
            connection.url,
            project.package_schema(),
            lock_timeout=lock_timeout,
            duckdb_config=connection.duckdb_config,
            read_only=read_only,
            salt=connection.salt,
        )

    @property
    def dialect(self) -> str:
        """`duckdb` or `postgresql`."""
        return self._engine.dialect.name

    @property
    def place(self) -> str:
        """Where the data is, for messages: a file, or server and database, never a password."""
        if self.dialect == "duckdb":
            return f"DuckDB file {self.url.database}"
        return f"{self.dialect} {self.url.host}:{self.url.port or 5432}/{self.url.database}"

    def table(self, name: str) -> str:
        """The quoted relation of a package table: `alert_events` or `ml_monitor__alert_events`."""
        return f"{self.quote(self.schema)}.{self.quote(_table_name(name))}"

    def quote(self, identifier: str) -> str:
        """An identifier between quotes, whatever it contains, for SQL that is passed to this object."""
        return self._engine.dialect.identifier_preparer.quote_identifier(identifier).replace(":", r"\:")

    def query(self, sql: str, params: Parameters = _NO_PARAMETERS) -> list[Row]:
        """The rows of a query, as dictionaries."""
        with self.transaction() as session:
            return session.query(sql, params)

    def frame(self, sql: str, params: Parameters = _NO_PARAMETERS) -> "pd.DataFrame":
        """The rows of a query, as a data frame."""
        with self.transaction() as session:
            return session.frame(sql, params)

    def execute(self, sql: str, params: Parameters = _NO_PARAMETERS) -> None:
        """Run and commit one statement."""
        with self.transaction() as session:
            session.execute(sql, params)

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows to a package table and commit."""
        with self.transaction() as session:
            session.insert(table, rows)

    @contextmanager
    def transaction(self, exclusive: str | None = None) -> Iterator[Session]:
        """Statements that are committed together, or not at all if the block raises.

        Args:
            exclusive: A package table that nobody else may write until the end of the block.

        Raises:
            WarehouseLocked: The DuckDB file stayed locked for `lock_timeout`.
            WarehouseUnreachable: No connection.
            MissingTable, WriteConflict, QueryFailed: From the statements and the commit.
        """
        alone = _duckdb_writers if exclusive and self.dialect == "duckdb" else nullcontext()
        with alone:
            connection = self._connect()
            try:
                session = Session(connection, self.schema, self.place)
                if exclusive and self.dialect == "postgresql":
                    session.execute(f"lock table {self.table(exclusive)} in share row exclusive mode")
                yield session
                try:
                    connection.commit()
                except DBAPIError as error:
                    raise errors.statement_error(error, self.place) from error
            finally:
                connection.close()

    def _connect(self) -> Connection:
        deadline = time.monotonic() + self._lock_timeout
        pause = _FIRST_PAUSE
        while True:
            try:
                return self._engine.connect()
            except DBAPIError as error:
                if not errors.is_lock_conflict(error):
                    raise errors.connection_error(error, self.place) from error
                if time.monotonic() + pause > deadline:
                    raise errors.WarehouseLocked(
                        f"{self.place} is in use by another process or with other settings, and stayed so "
                        f"for {self._lock_timeout:g} s. DuckDB allows one writing process: wait for the dbt "
                        "run or close the shell that holds it, then run again. Nothing was written. "
                        f"({error.orig})"
                    ) from error
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)


def _engine(url: URL, duckdb_config: dict[str, Any], read_only: bool, salt: str | None) -> Engine:
    backend = url.get_backend_name()
    if backend == "duckdb":
        path = url.database or ":memory:"

        def connect() -> Any:
            import duckdb
            from duckdb_engine import ConnectionWrapper

            # Not the dialect's own connect: it adds a user agent to the configuration, and DuckDB then
            # refuses a file that dbt has open in this process.
            connection = duckdb.connect(path, read_only=read_only, config=duckdb_config)
            if salt is not None:
                connection.execute("set variable ml_monitor_salt = ?", [salt])
            return ConnectionWrapper(connection)

        return sa.create_engine(url, poolclass=NullPool, creator=connect, hide_parameters=True)
    if backend == "postgresql":
        arguments: dict[str, Any] = {"connect_timeout": _CONNECT_TIMEOUT}
        if read_only:
            arguments["options"] = "-c default_transaction_read_only=on"
        return sa.create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
    raise errors.WarehouseError(f"no access from Python to {backend!r}. Allowed: duckdb, postgresql.")


def _table_name(name: str) -> str:
    return name if name.startswith("ml_monitor__") else f"ml_monitor__{name}"
