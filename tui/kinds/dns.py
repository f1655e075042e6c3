"""What queries to Route 53 have in common: response codes, record types, names."""

from __future__ import annotations

from tui.kinds.base import Outcome

_RCODES = {
    "NOERROR": "the name exists",
    "FORMERR": "the query could not be understood",
    "SERVFAIL": "the answer could not be found out: a server failed, or DNSSEC did not fit",
    "NXDOMAIN": "no such name",
    "NOTIMP": "that kind of query is not answered",
    "REFUSED": "the server would not answer",
    "NOTAUTH": "the server is not the one to ask",
    "NOTZONE": "the name is in another zone",
}
_TYPES = {
    "A": "IPv4 address",
    "AAAA": "IPv6 address",
    "CAA": "who may issue certificates",
    "CNAME": "another name for it",
    "DS": "key of a signed zone below",
    "DNSKEY": "keys of a signed zone",
    "HTTPS": "how to reach a web service",
    "MX": "mail servers",
    "NAPTR": "rules to rewrite names",
    "NS": "name servers",
    "PTR": "name of an address",
    "SOA": "start of a zone",
    "SRV": "where a service is",
    "SVCB": "how to reach a service",
    "TXT": "text",
}


def rcode_meaning(rcode: str) -> str:
    """What a response code means; empty for one that is not in the list."""
    return _RCODES.get(rcode, "")


def type_meaning(query_type: str) -> str:
    """What a type of DNS record holds; empty for one that is not in the list."""
    return _TYPES.get(query_type, "")


def asked_for(name: str, query_type: str) -> str:
    """``example.com (A)``: what was asked for, without the dot that ends a full name."""
    shown = name if name == "." else name.rstrip(".")
    return f"{shown or 'a name'} ({query_type})" if query_type else shown or "a name"


def rcode_outcome(rcode: str) -> Outcome:
    """``✓ NOERROR``, ``✗`` with any other code."""
    if not rcode:
        return Outcome()
    return Outcome("✓", rcode, "accept") if rcode == "NOERROR" else Outcome("✗", rcode, "reject")
