"""The shop's shell: only one at a time, and the user's profiles survive a new start."""

from pathlib import Path

import pytest

from demo import shop
from demo.servers import ServerError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(shop, "HOME", tmp_path)
    monkeypatch.setattr(shop, "find_servers_home", lambda: tmp_path / "servers")
    monkeypatch.setattr(shop, "make_mariadb", _no_server)
    return tmp_path


def _no_server(_: Path) -> None:
    raise ServerError("no server")


def test_a_second_shell_is_refused(home: Path) -> None:
    (home / "shop").mkdir()
    with shop._lock_shop(), pytest.raises(ServerError, match="open in another shell; `exit` there first"):
        shop.open_shell()
    assert (home / "shop").is_dir()


def test_previous_profiles_are_backed_up(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("first", "second"):
        (home / "shop" / "profiles").mkdir(parents=True)
        (home / "shop" / "profiles" / "coffee.yaml").write_text(text)
        with pytest.raises(ServerError, match="no server"):
            shop.open_shell()
        assert (home / "shop-profiles-before" / "coffee.yaml").read_text() == text
        assert not (home / "shop").exists()
    assert f"Your previous profiles are in {home / 'shop-profiles-before'}" in capsys.readouterr().out
    with pytest.raises(ServerError, match="no server"):
        shop.open_shell()
    assert (home / "shop-profiles-before" / "coffee.yaml").read_text() == "second", "nothing newer to keep"
