"""A machine whose mirror is known to pip alone is known to uv as well."""

from pathlib import Path

from infra.local.mirrors import parse_pip_config, uv_settings

LISTING = """\
:env:.cert='/etc/ca.pem'
global.extra-index-url='\\nhttps://one.invalid/simple\\nhttps://two.invalid/simple'
global.index-url='https://general.invalid/simple'
install.index-url='https://install.invalid/simple'
download.index-url='https://other.invalid/simple'
global.trusted-host='mirror.invalid'
"""


def test_the_nearest_setting_wins_and_other_commands_do_not_count() -> None:
    assert parse_pip_config(LISTING) == {
        "cert": "/etc/ca.pem",
        "extra-index-url": "\nhttps://one.invalid/simple\nhttps://two.invalid/simple",
        "index-url": "https://install.invalid/simple",
        "trusted-host": "mirror.invalid",
    }


def test_pips_words_become_uvs() -> None:
    assert uv_settings(parse_pip_config(LISTING), {}) == {
        "SSL_CERT_FILE": "/etc/ca.pem",
        "UV_DEFAULT_INDEX": "https://install.invalid/simple",
        "UV_INDEX": "https://one.invalid/simple https://two.invalid/simple",
        "UV_INSECURE_HOST": "mirror.invalid",
    }


def test_what_is_set_for_uv_is_left_alone() -> None:
    assert uv_settings({"index-url": "https://a.invalid"}, {"UV_DEFAULT_INDEX": "https://b.invalid"}) == {}


def test_links_to_folders_that_are_not_there_are_dropped(tmp_path: Path) -> None:
    links = f"{tmp_path} /nowhere/at/all https://wheels.invalid/"
    assert uv_settings({"find-links": links}, {}) == {"UV_FIND_LINKS": f"{tmp_path},https://wheels.invalid/"}
