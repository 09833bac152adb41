"""The bench of synthesis names checks that exist, and its shares are shares."""

from moiety.bench.synth import CHECKS, bench_synth


def test_every_check_has_its_share() -> None:
    rows = {row["name"]: row for row in bench_synth(drawn=90, warm=15)}
    assert rows["distinct tasks"]["value"] > 0
    shares = [rows[f"of it: {check}"]["value"] for check in CHECKS.values()]
    assert all(0 < share < 100 for share in shares)
    spent = [row["ratio"] for row in rows.values() if row.get("against") == "all work"]
    assert 0.9 < sum(spent) <= 1
