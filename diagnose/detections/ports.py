"""Ports that only some should reach."""

from __future__ import annotations

from diagnose.model import TCP, UDP
from diagnose.packet import protocol_name
from query.services import service_name

ADMIN = (22, 23, 135, 139, 445, 2375, 2376, 3389, 5900, 5985, 5986, 10250)
"""Ports by which a machine is looked after."""

DATABASES = (
    *(1433, 1434, 1521, 1526, 2379, 3306, 3307, 5432, 5433, 5984, 6379, 7000, 7001, 8529, 9042, 9160, 9200),
    *(9300, 11211, 27017, 27018, 27019),
)
"""Ports of databases, caches and search engines."""


def port_text(port: int | None, protocol: int | None) -> str:
    """A port for people: ``tcp/22 (ssh)``."""
    name = protocol_name(protocol) if protocol is not None else "?"
    if protocol not in {TCP, UDP} or port is None:
        return name
    service = service_name(port, protocol)
    return f"{name}/{port} ({service})" if service else f"{name}/{port}"
