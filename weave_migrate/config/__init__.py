"""Settings: found, merged and frozen before a store is opened."""

from weave_migrate.config._environment import database_variable
from weave_migrate.config._fields import LINE_SEPARATORS, seconds
from weave_migrate.config._find import (
    FOLDER,
    SCRIPTS,
    find_project,
    postgres_folders,
    scripts_folder,
)
from weave_migrate.config._layers import parse_pairs, read_secret
from weave_migrate.config._load import STORES, load_settings
from weave_migrate.config._locations import (
    Location,
    PackageLocation,
    parse_location,
)
from weave_migrate.config._peer import PEER_FILE, peer_properties
from weave_migrate.config._settings import (
    ElasticsearchSettings,
    Neo4jSettings,
    Origin,
    PostgresSettings,
    Settings,
)

__all__ = [
    "FOLDER",
    "LINE_SEPARATORS",
    "PEER_FILE",
    "SCRIPTS",
    "STORES",
    "ElasticsearchSettings",
    "Location",
    "Neo4jSettings",
    "Origin",
    "PackageLocation",
    "PostgresSettings",
    "Settings",
    "database_variable",
    "find_project",
    "load_settings",
    "parse_location",
    "parse_pairs",
    "peer_properties",
    "postgres_folders",
    "read_secret",
    "scripts_folder",
    "seconds",
]
