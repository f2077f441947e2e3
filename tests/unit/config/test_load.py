"""Settings: which source wins, what is refused, and that secrets stay secret."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from weave_migrate.config import (
    Neo4jSettings,
    Settings,
    find_project,
    load_settings,
)
from weave_migrate.errors import ConfigError
from weave_migrate.model import Secret

Load = Callable[..., Settings]
CANARY = "c4n4ry-%@:/é"


def origin(settings: Settings, key: str) -> tuple[str, str]:
    found = next(o for o in settings.origins if o.key == key)
    return found.value, found.source


def test_no_settings_file_is_needed(load: Load, project: Path) -> None:
    settings = load()
    assert [each.name for each in settings.postgres] == ["slack"]
    assert settings.postgres[0].url.reveal() == "postgresql://localhost/slack"
    assert settings.neo4j is not None
    assert settings.neo4j.uri == "bolt://localhost:7687"
    assert settings.neo4j.locations == (project / ".weave/migrations/neo4j/cypher",)
    assert settings.elasticsearch is not None
    assert settings.elasticsearch.urls == ("http://localhost:9200",)
    assert settings.allow_clean is False


def test_a_store_without_a_folder_is_absent(tmp_path: Path) -> None:
    (tmp_path / ".weave").mkdir()
    settings = load_settings(project=tmp_path, environ={})
    assert settings.postgres == ()
    assert settings.neo4j is None
    assert settings.elasticsearch is None


def test_the_project_is_found_upwards(project: Path) -> None:
    deep = project / "src" / "app"
    deep.mkdir(parents=True)
    assert find_project(deep) == project


def test_no_project_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find_project(tmp_path)
    assert caught.value.code == "NO_PROJECT"
    assert "weave db init" in (caught.value.hint or "")


# From weakest to strongest, each beats all before it.
ENV_BLOCK = '[neo4j]\nuri = "bolt://toml"\n[env.prod.neo4j]\nuri = "bolt://block"\n'


@pytest.mark.parametrize(
    ("kwargs", "expected", "source"),
    [
        ({}, "bolt://localhost:7687", "built-in"),
        ({"toml": ENV_BLOCK}, "bolt://toml", "weave.toml"),
        (
            {"toml": ENV_BLOCK, "environ": {"NEO4J_URI": "bolt://var"}},
            "bolt://var",
            "NEO4J_URI",
        ),
        (
            {"toml": ENV_BLOCK, "environ": {"NEO4J_URI": "bolt://var"}, "env": "prod"},
            "bolt://block",
            "weave.toml [env.prod]",
        ),
        (
            {
                "toml": ENV_BLOCK,
                "env": "prod",
                "options": {"neo4j": {"uri": "bolt://option"}},
            },
            "bolt://option",
            "option",
        ),
    ],
)
def test_the_stronger_source_wins(
    load: Load, kwargs: dict[str, object], expected: str, source: str
) -> None:
    settings = load(**kwargs)
    assert settings.neo4j is not None
    assert settings.neo4j.uri == expected
    assert origin(settings, "neo4j.uri") == (expected, source)


def test_two_sources_that_disagree_about_where_to_connect_are_named(load: Load) -> None:
    settings = load(ENV_BLOCK, {"NEO4J_URI": "bolt://u:pw@var"})
    assert settings.warnings == (
        "neo4j.uri: NEO4J_URI (bolt://u:***@var) is used, weave.toml says bolt://toml.",
    )


@pytest.mark.parametrize(
    ("toml", "environ", "warnings"),
    [
        (
            '[postgres.slack]\nurl = "postgresql://a:c4n4ry@toml/s"',
            {"POSTGRES_HOST": "var"},
            [
                (
                    "postgres.slack: POSTGRES_HOST (var:5432/s) is used, "
                    "weave.toml says toml:5432/s."
                )
            ],
        ),
        (
            None,
            {"POSTGRES_HOST": "var", "DATABASE_URL_SLACK": "postgresql://own/slack"},
            [
                (
                    "postgres.slack: DATABASE_URL_SLACK (own:5432/slack) is used, "
                    "POSTGRES_HOST says var:5432/slack."
                )
            ],
        ),
        (
            None,
            {"POSTGRES_HOST": "own", "DATABASE_URL_SLACK": "postgresql://own/slack"},
            [],
        ),
        (None, {"POSTGRES_HOST": "var", "POSTGRES_PORT": "1"}, []),
        (
            None,
            {"ELASTICSEARCH_HOST": "a", "ELASTICSEARCH_URL": "http://b:9200"},
            [
                (
                    "elasticsearch.url: ELASTICSEARCH_URL (http://b:9200) is used, "
                    "ELASTICSEARCH_HOST says http://a:9200."
                )
            ],
        ),
    ],
)
def test_sources_are_compared_by_where_they_lead(
    load: Load, toml: str | None, environ: dict[str, str], warnings: list[str]
) -> None:
    assert list(load(toml, environ).warnings) == warnings


def test_a_port_alone_is_one_of_localhost(load: Load) -> None:
    search = load(environ={"ELASTICSEARCH_PORT": "9201"}).elasticsearch
    assert search is not None
    assert search.urls == ("http://localhost:9201",)


def test_an_option_disagrees_on_purpose(load: Load) -> None:
    settings = load(ENV_BLOCK, options={"neo4j": {"uri": "bolt://option"}})
    assert settings.warnings == ()


def test_the_environment_alone_reaches_all_three(load: Load) -> None:
    settings = load(
        environ={
            "POSTGRES_HOST": "db",
            "POSTGRES_PORT": "5433",
            "POSTGRES_USER": "app",
            "POSTGRES_PASSWORD": CANARY,
            "NEO4J_USERNAME": "weaker",
            "NEO4J_USER": "stronger",
            "NEO4J_PASSWORD": CANARY,
            "ELASTICSEARCH_HOST": "es",
            "ELASTICSEARCH_PORT": "9201",
            "ELASTICSEARCH_SCHEME": "https",
            "ELASTICSEARCH_API_KEY": CANARY,
            "NM_PLACEHOLDERS_region": " eu ",
        }
    )
    assert (
        settings.postgres[0].url.reveal()
        == "postgresql://app:c4n4ry-%25%40%3A%2F%C3%A9@db:5433/slack"
    )
    assert settings.neo4j is not None
    assert settings.neo4j.user == "stronger"
    assert settings.neo4j.password == Secret(CANARY)
    assert settings.neo4j.placeholders == {"region": "eu"}
    assert settings.elasticsearch is not None
    assert settings.elasticsearch.urls == ("https://es:9201",)
    assert settings.elasticsearch.api_key == Secret(CANARY)
    assert "c4n4ry" not in repr(settings)


def test_elasticsearch_url_beats_its_host(load: Load) -> None:
    environ = {"ELASTICSEARCH_HOST": "a", "ELASTICSEARCH_URL": "http://b:1,http://c:1"}
    settings = load(environ=environ)
    assert settings.elasticsearch is not None
    assert settings.elasticsearch.urls == ("http://b:1", "http://c:1")


@pytest.mark.parametrize(
    ("toml", "environ", "expected"),
    [
        (
            '[postgres.slack]\nurl = "postgresql://app@db/other?sslmode=require"',
            {"POSTGRES_PASSWORD": "p%"},
            "postgresql://app:p%25@db/other?sslmode=require",
        ),
        (
            '[postgres.slack]\nurl = "postgresql+psycopg://app@db:1/other"',
            {"POSTGRES_HOST": "h2", "POSTGRES_PORT": "2"},
            "postgresql+psycopg://app@h2:2/other",
        ),
        (
            '[postgres.slack]\nurl = "postgresql://app@db/other"',
            {"POSTGRES_HOST": "h2", "DATABASE_URL_SLACK": "postgresql://x:y@z/own"},
            "postgresql://x:y@z/own",
        ),
        (
            (
                '[postgres.slack]\nurl = "postgresql://toml/s"\n'
                '[env.prod.postgres.slack]\nurl = "postgresql://prod/s"'
            ),
            {"POSTGRES_HOST": "var", "POSTGRES_USER": "me", "POSTGRES_PASSWORD": "p"},
            "postgresql://me:p@prod/s",
        ),
        (
            (
                '[postgres.slack]\nurl = "postgresql://a@toml:1/s"\n'
                '[env.prod.postgres.slack]\nhost = "prod"'
            ),
            {"POSTGRES_PORT": "2"},
            "postgresql://a@prod:2/s",
        ),
        (
            None,
            {"POSTGRES_PASSWORD": "p", "DATABASE_URL_SLACK": "postgresql://x@z/own"},
            "postgresql://x@z/own",
        ),
        (None, {"POSTGRES_HOST": "::1"}, "postgresql://[::1]/slack"),
        (
            None,
            {"POSTGRES_HOST": "/run/pg", "POSTGRES_PORT": "5433", "POSTGRES_USER": "a"},
            "postgresql://a@/slack?host=/run/pg&port=5433",
        ),
        (None, {"DATABASE_URL_SLACK": "sqlite:///x.db"}, "sqlite:///x.db"),
    ],
)
def test_the_url_of_a_postgresql_database(
    load: Load, toml: str | None, environ: dict[str, str], expected: str
) -> None:
    env = "prod" if toml and "env.prod" in toml else None
    assert load(toml, environ, env=env).postgres[0].url.reveal() == expected


def test_a_secret_can_come_from_a_file(load: Load, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(CANARY + "\n")
    settings = load(environ={"NEO4J_PASSWORD_FILE": str(file)})
    assert settings.neo4j is not None
    assert settings.neo4j.password == Secret(CANARY)
    toml = load(f'[neo4j]\npassword_file = "{file}"').neo4j
    assert toml is not None
    assert toml.password == Secret(CANARY)


def test_a_secret_given_twice_is_refused(load: Load, tmp_path: Path) -> None:
    environ = {"NEO4J_PASSWORD": CANARY, "NEO4J_PASSWORD_FILE": str(tmp_path / "x")}
    with pytest.raises(ConfigError, match="unset one") as caught:
        load(environ=environ)
    assert "c4n4ry" not in str(caught.value)


def test_the_peers_own_settings_file_is_read_and_is_weaker(
    load: Load, project: Path
) -> None:
    conf = project / ".weave/migrations/neo4j/neo4j.conf"
    conf.write_text(
        "# as neo4j-migrations writes it\n"
        "address=bolt://conf\nusername = me\nvalidate-on-migrate: false\n"
        "location=file\\:///abs/scripts,more\n"
    )
    neo4j = load('[neo4j]\nuri = "bolt://toml"').neo4j
    assert neo4j is not None
    assert neo4j.uri == "bolt://toml"
    assert neo4j.user == "me"
    assert neo4j.validate_on_migrate is False
    assert neo4j.locations == (Path("/abs/scripts"), conf.parent / "more")


def test_a_chosen_properties_file_beats_the_environment(
    load: Load, tmp_path: Path
) -> None:
    file = tmp_path / "my.properties"
    file.write_text("address=bolt://file\n")
    neo4j = load(environ={"NEO4J_URI": "bolt://var"}, properties=file).neo4j
    assert neo4j is not None
    assert neo4j.uri == "bolt://file"


def test_every_setting_of_neo4j_has_a_place_in_the_file(
    load: Load, project: Path
) -> None:
    (project / ".weave/token").write_text(CANARY)
    neo4j = load(
        """
        lock_lease = "PT1M"
        [neo4j]
        bearer_file = "token"
        ca_certs = "ca.pem"
        max_connection_pool_size = 5
        impersonated_user = "bob"
        delay_between_migrations = "PT1,5S"
        cypher_version = "CYPHER-25"
        target = "next"
        on_interrupted = "resume"
        """
    ).neo4j
    assert neo4j == Neo4jSettings(
        locations=(project / ".weave/migrations/neo4j/cypher",),
        bearer=Secret(CANARY),
        ca_certs=project / ".weave/ca.pem",
        max_connection_pool_size=5,
        impersonated_user="bob",
        delay_between_migrations=1.5,
        cypher_version="cypher_25",
        target="next",
        on_interrupted="resume",
        lock_lease=60.0,
    )


@pytest.mark.parametrize(
    ("environ", "options", "expected"),
    [
        ({"NEO4J_PASSWORD": "p", "NEO4J_BEARER_TOKEN": "t"}, {}, "bearer"),
        ({"NEO4J_BEARER_TOKEN": "t"}, {"password": Secret("p")}, "password"),
        ({"NEO4J_PASSWORD": "p"}, {"bearer": Secret("t")}, "bearer"),
        ({"NEO4J_PASSWORD": "p"}, {"custom_auth": {"scheme": "s"}}, "custom_auth"),
        ({"NEO4J_BEARER_TOKEN": "t"}, {"custom_auth": {"scheme": "s"}}, "custom_auth"),
        ({"NEO4J_BEARER_TOKEN": " ", "NEO4J_PASSWORD": "p"}, {}, "password"),
    ],
)
def test_the_strongest_source_decides_how_to_log_in(
    load: Load, environ: dict[str, str], options: dict[str, object], expected: str
) -> None:
    neo4j = load(environ=environ, options={"neo4j": options}).neo4j
    assert neo4j is not None
    chosen = {
        "bearer": neo4j.bearer,
        "custom_auth": neo4j.custom_auth,
        "password": neo4j.password,
    }
    assert chosen[expected]
    others = {key for key, value in chosen.items() if value} - {expected}
    # Custom authentication takes the password for its credentials.
    assert others <= ({"password"} if expected == "custom_auth" else set())


def test_custom_authentication_and_its_password_come_from_where_each_is_set(
    load: Load,
) -> None:
    neo4j = load(
        '[neo4j]\ncustom_auth = { scheme = "sso", realm = "corp" }',
        {"NEO4J_PASSWORD": CANARY},
        options={"neo4j": {"custom_auth": {"principal": "ann"}}},
    ).neo4j
    assert neo4j is not None
    assert neo4j.password == Secret(CANARY)
    assert neo4j.custom_auth == {"scheme": "sso", "realm": "corp", "principal": "ann"}


def test_what_aura_hands_out_is_enough(load: Load) -> None:
    settings = load(
        environ={
            "NEO4J_URI": "neo4j+s://0a1b2c.databases.neo4j.io",
            "NEO4J_USERNAME": "neo4j",
            "NEO4J_PASSWORD": CANARY,
            "NEO4J_DATABASE": "neo4j",
            "AURA_INSTANCEID": "0a1b2c",
            "AURA_INSTANCENAME": "Instance01",
        }
    )
    assert settings.neo4j is not None
    assert settings.neo4j.uri == "neo4j+s://0a1b2c.databases.neo4j.io"
    assert settings.warnings == ()


def test_a_blank_variable_counts_as_unset(load: Load) -> None:
    neo4j = load(environ={"NEO4J_DATABASE": " ", "NEO4J_URI": ""}).neo4j
    assert neo4j is not None
    assert (neo4j.database, neo4j.uri) == (None, "bolt://localhost:7687")


def test_placeholders_of_all_sources_are_merged(load: Load) -> None:
    neo4j = load(
        '[neo4j]\nplaceholders = { region = "eu", size = 3, on = true }',
        {"NM_PLACEHOLDERS_region": "us"},
    ).neo4j
    assert neo4j is not None
    assert neo4j.placeholders == {"region": "us", "size": "3", "on": "true"}


def test_on_newer_differs_by_store_until_it_is_set(load: Load) -> None:
    settings = load()
    assert settings.neo4j is not None
    assert settings.elasticsearch is not None
    assert (settings.neo4j.on_newer, settings.elasticsearch.on_newer) == (
        "fail",
        "warn",
    )
    settings = load('on_newer = "ok"\n[neo4j]\non_newer = "warn"')
    assert settings.neo4j is not None
    assert settings.postgres[0].on_newer == "ok"
    assert settings.neo4j.on_newer == "warn"


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("lock_timeout = 'soon'", "lock_timeout .weave.toml. must be a number of sec"),
        ("allow_clean = 'maybe'", "must be true or false"),
        ("[neo4j]\ntransaction_mode = 'x'", "one of per_migration, per_statement"),
        ("[neo4j]\nurl = 'x'", "neo4j.url, which is none of weave's"),
        ("colour = 1", "colour, which is none of weave's"),
        ("[neo4j]\npassword = 'x'", "neo4j.password does not belong in weave.toml"),
        ("neo4j = 3", "a setting neo4j, which is none"),
        ("x = ", "not valid TOML"),
        ("order = ['neo4j']", "order must name each of"),
        ("[postgres.other]\nschema = 'x'", r"no .weave/migrations/other/"),
        ("[neo4j]\nplaceholders = { a = [1] }", "a table of names and texts"),
        ("[postgres.slack]\nport = 70000", "a port number"),
        ("[neo4j]\nuri = 'garbage'", "a URI like bolt"),
        ("[neo4j]\nuri = 'http://h'", "a URI like bolt"),
        ("[neo4j]\nuri = 'bolt://h:abc'", "a URI like bolt"),
        ("[neo4j]\nuri = 'bolt://h:99999'", "a URI like bolt"),
        ("[neo4j]\nuri = 'bolt://a..b'", "a URI like bolt"),
        ("[neo4j]\nuser = ''", "not empty"),
        ("[neo4j]\nbearer = 'c4n4ry'", "neo4j.bearer does not belong in weave.toml"),
        ("[neo4j]\nassume = 'done'", "neo4j.assume does not belong in weave.toml"),
        ("[neo4j]\non_interrupted = 'x'", "one of refuse, resume, restart"),
        ("[neo4j]\ncypher_version = 'x'", "database_default, cypher_5, cypher_25"),
        ("[neo4j]\nmax_connection_pool_size = 1", "must be 2 or more"),
        ("[neo4j]\nmax_connection_pool_size = 'x'", "must be a whole number"),
        ("[neo4j]\nmax_connection_pool_size = true", "must be a whole number"),
        ("[neo4j]\ncustom_auth = { Credentials = 'c4n4ry' }", "without credentials"),
        ("[neo4j]\ndelay_between_migrations = -1", "0 or more"),
        ("[neo4j]\nlock_lease = 30", "neo4j.lock_lease, which is none"),
        ("lock_lease = 4.9", "a number of seconds, 5 or more"),
        ('[neo4j]\nlocations = ["a\\u0000b"]', "without control characters"),
        ('[neo4j]\npassword_file = "a\\u0000b"', "can't be read"),
        ("[elasticsearch]\nurl = 'u:c4n4ry@h:9200'", "a URL like https://host:9200"),
        ("[elasticsearch]\nhistory_index = '*'", "the name of one index"),
        ("[elasticsearch]\nhistory_index = '../x'", "the name of one index"),
        ("[elasticsearch]\nhistory_index = 'a b'", "the name of one index"),
        ("[elasticsearch]\nrequest_timeout = 0", "seconds above 0"),
        (
            '[elasticsearch]\ndefault_content_type = "a\\nb: c"',
            "without control characters",
        ),
        (f"a = {'[' * 100_000}", "nested too deeply|not valid TOML"),
        ("[neo4j]\npassword_file = 3", "must be the path of a file"),
        ("env = 3", "env must be a table"),
        ("[env]\nprod = 3", "env.prod must be a table"),
        ("[postgres.slack]\nurl = 'postgresql://h:x/d'", "can't be understood"),
    ],
)
def test_a_wrong_setting_is_a_clear_error(load: Load, toml: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load(toml)
    assert "c4n4ry" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "host=db user=u password=c4n4ry",
        "postgresql://u:c4n/4ry@db/s",
        "postgresql://u:c4n4ry#@db/s",
        "postgresql://u:c4n@4ry@db/s",
        "postgresql://u@db/s?passwd=c4n4ry&sslmode=require",
        "mysql://u:c4n4ry@db/s?api_key=c4n4ry",
        "c4n4ry",
    ],
)
def test_whatever_stands_for_a_url_its_password_is_not_shown(
    load: Load, url: str
) -> None:
    environ = {"DATABASE_URL_SLACK": url, "POSTGRES_HOST": "elsewhere"}
    try:
        settings = load(environ=environ)
    except ConfigError as error:
        seen = f"{error} {error.hint}"
    else:
        seen = f"{settings.origins} {settings.warnings} {settings!r}"
    assert not any(part in seen for part in ("c4n", "4ry"))


def test_a_variable_that_is_not_utf_8_is_refused(load: Load) -> None:
    with pytest.raises(ConfigError, match="NEO4J_PASSWORD is not UTF-8") as caught:
        load(environ={"NEO4J_PASSWORD": "\udcffc4n4ry"})
    assert "c4n4ry" not in str(caught.value)


def test_an_unknown_setting_suggests_the_right_one(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load("[neo4j]\ndatabse = 'x'")
    assert caught.value.hint == "Did you mean database?"


def test_an_unknown_env_lists_those_there_are(load: Load) -> None:
    with pytest.raises(ConfigError, match=r"there is: prod"):
        load(ENV_BLOCK, env="staging")


def test_every_setting_is_listed_with_its_source_and_no_secret(load: Load) -> None:
    settings = load(
        '[postgres.slack]\nurl = "postgresql://a:tomlc4n4ry@db/s?password=qc4n4ry"\n'
        '[neo4j]\ncustom_auth = { scheme = "c4n4ry" }',
        {
            "NEO4J_PASSWORD": CANARY,
            "NEO4J_BEARER_TOKEN": CANARY,
            "ELASTICSEARCH_URL": "http://u:c4n4ry@es:1",
        },
    )
    listed = "\n".join(f"{o.key} {o.value} {o.source}" for o in settings.origins)
    assert "c4n4ry" not in listed
    assert origin(settings, "neo4j.password") == ("***", "NEO4J_PASSWORD")
    assert origin(settings, "neo4j.bearer") == ("***", "NEO4J_BEARER_TOKEN")
    assert origin(settings, "neo4j.custom_auth") == ("scheme=***", "weave.toml")
    assert origin(settings, "neo4j logs in with")[0] == "a bearer token"
    assert origin(settings, "elasticsearch.url") == (
        "http://u:***@es:1",
        "ELASTICSEARCH_URL",
    )
    assert origin(settings, "neo4j.autocrlf") == ("false", "built-in")
    assert origin(settings, "elasticsearch.line_separator") == ("lf", "built-in")
