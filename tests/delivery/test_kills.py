"""`kill -9` at random moments of real passes: nothing is lost, and the ledger owns up to every duplicate."""

from bench import kills


def test_no_event_is_lost_and_every_duplicate_is_owned_up_to(warehouse, tmp_path):
    url = warehouse.url.render_as_string(hide_password=False)
    count = kills.run(url, 30, tmp_path / "keys.txt", say=lambda line: None)
    assert count.kills == 30
    assert (count.lost, count.not_owned_up) == (0, 0), count
    assert count.hit["after a send"] > 0, count
    assert count.duplicates <= count.unknown
