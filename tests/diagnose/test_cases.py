"""What becomes of traffic, case by case: records, an inventory, and the verdict that leads.

Each case is asked twice, of the engine and on the command line. The network is that of ``world``: a case names
only what it changes there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from click.testing import CliRunner

from diagnose import codes
from diagnose.diagnosis import Diagnosis, Question
from diagnose.inventory import read_inventory
from loaders.load import Library
from query.scope import Scope
from tests.diagnose import world as w
from tests.diagnose.world import (
    NOON,
    NOW,
    World,
    acl,
    allow,
    empty_window,
    entry,
    flow_log,
    record,
    route,
)
from tui.cli import cli

ACCEPT, REJECT = "ACCEPT", "REJECT"
SYN, SYN_ACK, RST = 2, 18, 4
TCP, UDP, ICMP, ICMP6, GRE, ESP = 6, 17, 1, 58, 47, 50


@dataclass
class Case:
    """Records and a question, and what is to be found.

    ``pick`` is the place of the record whose verdict is meant; without it the question is about what no record
    is of. ``files`` are the records by the names of their files.
    """

    name: str
    code: str
    files: dict
    question: Question
    pick: int | None = None
    change: object = None
    inventory: bool = True
    version: int = 5
    noise: bool = False
    now: object = NOW
    others: tuple = field(default=())
    confidence: str | None = None


CASES: list[Case] = []
OTHER_TRAFFIC = record(w.WEB, (w.OTHER_CLIENT, 50_611), (w.WEB_IP, 443), after=10)


def seen(name, code, *records, pick=0, **more):
    """A case about a record that is there."""
    one = records[pick]
    ends = [one.get(f"pkt-{side}addr", one[f"{side}addr"]) for side in ("src", "dst")]
    question = Question(*ends, protocol=one["protocol"], interface=one["interface-id"])
    CASES.append(Case(name, code, {"records.log": records}, question, pick, **more))


def absent(name, code, source, target, dport=None, protocol=TCP, *records, **more):
    """A case about what is not there, in the first 100 seconds after noon."""
    since = NOON + timedelta(seconds=more.pop("after", 0))
    files = more.pop("files", {"records.log": records or (OTHER_TRAFFIC,)})
    question = Question(
        source, target, None, dport, protocol, None, since, more.pop("until", since + timedelta(seconds=100))
    )
    CASES.append(Case(name, code, files, question, **more))


def pair(at, asks, answers, came=SYN, back=SYN_ACK, first=ACCEPT, second=ACCEPT, **more):
    """A request and its reply at one interface."""
    return record(at, asks, answers, first, flags=came, **more), record(
        at, answers, asks, second, flags=back, **more
    )


# -- refused at once -----------------------------------------------------------------------------------------

seen(
    "SSH from an address that the prefix list does not have",
    "R-SG-IN",
    record(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 22), REJECT, flags=SYN),
)
seen(
    "SSH from an address of the prefix list, which the rules allow today",
    "R-STALE",
    record(w.WEB, (w.OFFICE_IP, 50_911), (w.WEB_IP, 22), REJECT, flags=SYN),
)
seen(
    "SSH, and nobody saved the entries of the prefix list",
    "R-UNKNOWN-IN",
    record(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 22), REJECT, flags=SYN),
    change=lambda world: world.forget_list(),
)
seen(
    "telnet is in no rule, whatever the missing prefix list has",
    "R-SG-IN",
    record(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 23), REJECT, flags=SYN),
    change=lambda world: world.forget_list(),
)
seen(
    "the last address of the prefix list's block",
    "R-STALE",
    record(w.WEB, ("198.51.100.127", 50_911), (w.WEB_IP, 22), REJECT, flags=SYN),
)
seen(
    "the address behind the prefix list's block",
    "R-SG-IN",
    record(w.WEB, ("198.51.100.128", 50_911), (w.WEB_IP, 22), REJECT, flags=SYN),
)
seen(
    "an ACL denies the upper half of a subnet before it allows all of it",
    "R-NACL-IN",
    record(w.API, (w.WEB_B_IP, 40_710), (w.API_IP, 9000), REJECT, flags=SYN),
)
seen(
    "the lower half of the same subnet is allowed today",
    "R-STALE",
    record(w.API, (w.WEB_IP, 40_710), (w.API_IP, 9000), REJECT, flags=SYN),
)
seen(
    "the denied half asks for the next port, which only the later entry is about",
    "R-STALE",
    record(w.API, (w.WEB_B_IP, 40_710), (w.API_IP, 9001), REJECT, flags=SYN),
)
seen(
    "the last port of the range of both rules",
    "R-STALE",
    record(w.API, (w.WEB_IP, 40_710), (w.API_IP, 9010), REJECT, flags=SYN),
)
seen(
    "one port beyond the range of both rules",
    "R-BOTH-IN",
    record(w.API, (w.WEB_IP, 40_710), (w.API_IP, 9011), REJECT, flags=SYN),
)
seen(
    "the application asks for a port that neither its group nor the ACL lets out",
    "R-BOTH-OUT",
    record(w.API, (w.API_IP, 40_022), (w.DB_IP, 6380), REJECT, flags=SYN),
)
seen(
    "the group lets it out to a member of the database's group, the ACL only to another subnet",
    "R-NACL-OUT",
    record(w.API, (w.API_IP, 40_022), (w.DB_B_IP, 3306), REJECT, flags=SYN),
)
seen(
    "a group without any egress rule, and an open ACL",
    "R-SG-OUT",
    record(w.DB, (w.DB_IP, 40_022), (w.HOST, 443), REJECT, flags=SYN),
)
seen(
    "the web server is not a member of the group that the database lets in",
    "R-SG-IN",
    record(w.DB, (w.WEB_IP, 41_330), (w.DB_IP, 3306), REJECT, flags=SYN),
)
seen(
    "a public address never counts as a group's member",
    "R-SG-IN",
    record(w.DB, (w.CLIENT, 41_330), (w.DB_IP, 3306), REJECT, flags=SYN),
)
seen(
    "not even the public address of a member",
    "R-BOTH-IN",
    record(w.API, (w.WEB_PUBLIC, 41_330), (w.API_IP, 9000), REJECT, flags=SYN),
)
seen(
    "a neighbour in the same subnet: no ACL is asked, so its group refuses it",
    "R-SG-IN",
    record(w.CACHE, (w.API_IP, 41_330), (w.CACHE_IP, 11_211), REJECT, flags=SYN),
)
seen(
    "the same on the way out",
    "R-SG-OUT",
    record(w.API, (w.API_IP, 41_330), (w.CACHE_IP, 11_211), REJECT, flags=SYN),
)
seen(
    "a neighbour in the same subnet, and no file tells the subnets: the interfaces name theirs",
    "R-SG-IN",
    record(w.CACHE, (w.API_IP, 41_330), (w.CACHE_IP, 11_211), REJECT, flags=SYN),
    change=lambda world: world.forget("Subnets"),
)
seen(
    "QUIC against a rule for TCP",
    "R-SG-IN",
    record(w.WEB, (w.CLIENT, 50_611), (w.WEB_IP, 443), REJECT, UDP),
)
seen(
    "UDP where the ACL denies and allows TCP alone",
    "R-BOTH-IN",
    record(w.API, (w.WEB_B_IP, 40_710), (w.API_IP, 9000), REJECT, UDP),
)
seen(
    "DNS to a resolver of the internet, refused on the way out",
    "R-BOTH-OUT",
    record(w.API, (w.API_IP, 53_811), ("9.9.9.9", 53), REJECT, UDP, lasts=1),
)
seen(
    "a rule that only a later entry of the ACL allows says so by number",
    "R-NACL-IN",
    record(w.LOCK, (w.WEB_IP, 40_710), (w.LOCK_IP, 443), REJECT, flags=SYN),
    change=lambda world: world.add(
        "NetworkAcls",
        acl(
            "acl-0ee5ab6cd7e8f9012",
            [entry(20, "allow", "in", "6", w.ANY, 443), entry(10, "deny", "in", "6", "172.20.4.0/24", 443)],
            [w.LOCKED],
        ),
    ),
    others=("comes first", "rule 10 denies"),
)
seen(
    "an association outranks the default ACL, which allows all",
    "R-BOTH-IN",
    record(w.API, (w.WEB_IP, 40_710), (w.API_IP, 25), REJECT, flags=SYN),
)
seen(
    "a subnet without an association has the VPC's default ACL",
    "R-NACL-IN",
    record(w.WEB, (w.CLIENT, 50_611), (w.WEB_IP, 443), REJECT, flags=SYN),
    change=lambda world: world.entries(w.ACL, entry(50, "deny", "in", block="45.83.0.0/16")),
)
seen(
    "no default ACL of another VPC is asked",
    "R-UNKNOWN-IN",
    record(w.WEB, (w.CLIENT, 50_611), (w.WEB_IP, 443), REJECT, flags=SYN),
    change=lambda world: world.edit("NetworkAcls", w.ACL, VpcId=w.PEER_VPC),
)
seen(
    "an edited default ACL that lets in no IPv6 but *",
    "R-NACL-IN",
    record(w.WEB, ("2a02:26f0:1d::7", 50_611), (w.WEB_SIX, 443), REJECT, flags=SYN),
    change=lambda world: world.edit("NetworkAcls", w.ACL, Entries=[*w.OPEN[:2], *w.LAST]),
)
seen(
    "several groups are one set: the second one allows it",
    "R-STALE",
    record(w.DB, (w.WEB_IP, 41_330), (w.DB_IP, 443), REJECT, flags=SYN),
    change=lambda world: world.edit(
        "NetworkInterfaces", w.DB, Groups=[{"GroupId": w.SG_DB}, {"GroupId": w.SG_TOOLS}]
    ),
)
seen(
    "one of two groups is not in the inventory",
    "R-UNKNOWN-IN",
    record(w.DB, (w.WEB_IP, 41_330), (w.DB_IP, 443), REJECT, flags=SYN),
    change=lambda world: world.edit(
        "NetworkInterfaces", w.DB, Groups=[{"GroupId": w.SG_DB}, {"GroupId": w.SG_GONE}]
    ),
)
seen(
    "an allowed request that leaves is refused: allowed today",
    "R-STALE",
    record(w.API, (w.API_IP, 51_330), (w.HOST, 443), REJECT, flags=SYN),
)
seen(
    "an egress rule names a prefix list that nobody saved",
    "R-UNKNOWN-OUT",
    record(w.DB, (w.DB_IP, 51_330), (w.HOST, 443), REJECT, flags=SYN),
    change=lambda world: world.permit(w.SG_DB, allow("tcp", 443, w.SERVICE_LIST), egress=True),
)

# -- IPv6, ICMP, protocols without ports ---------------------------------------------------------------------

seen(
    "IPv6 to a port that is open to both families",
    "R-STALE",
    record(w.WEB, ("2a02:26f0:1d::7", 50_611), (w.WEB_SIX, 443), REJECT, flags=SYN),
)
seen(
    "IPv6 to a port that only a list of other addresses may ask",
    "R-SG-IN",
    record(w.WEB, ("2a02:26f0:1d::7", 50_611), (w.WEB_SIX, 22), REJECT, flags=SYN),
)
seen(
    "IPv6 from the block that the prefix list has",
    "R-STALE",
    record(w.WEB, ("2001:db8:77::5", 50_611), (w.WEB_SIX, 22), REJECT, flags=SYN),
)
seen(
    "0.0.0.0/0 lets no IPv6 out",
    "R-SG-OUT",
    record(w.STREAM, (w.STREAM_SIX, 50_611), ("2a02:26f0:1d::7", 443), REJECT, flags=SYN),
)
seen(
    "a ping in the fields of version 2: neither lets ICMP in",
    "R-BOTH-IN",
    record(w.API, w.CLIENT, w.API_IP, REJECT, ICMP, lasts=100),
    version=2,
)
seen(
    "a rule for one type of ICMP may be about this or not",
    "R-UNKNOWN-IN",
    record(w.WEB, w.API_IP, w.WEB_IP, REJECT, ICMP, lasts=1),
)
seen(
    "a rule for one type of ICMP is surely not about an address outside its block",
    "R-SG-IN",
    record(w.WEB, w.CLIENT, w.WEB_IP, REJECT, ICMP, lasts=1),
)
seen(
    "a rule for all types of ICMP",
    "R-STALE",
    record(w.WEB, w.API_IP, w.WEB_IP, REJECT, ICMP, lasts=1),
    change=lambda world: world.permit(w.SG_WEB, allow("icmp", -1, "172.20.0.0/16")),
)
seen(
    "the ACL denies one type of ICMP before it allows everything; the group has no rule at all",
    "R-SG-IN",
    record(w.LOCK, w.API_IP, w.LOCK_IP, REJECT, ICMP, lasts=1),
    change=lambda world: world.add(
        "NetworkAcls",
        acl(
            "acl-0ee5ab6cd7e8f9012",
            [entry(90, "deny", "in", "1", icmp=(8, -1)), entry(100, "allow", "in")],
            [w.LOCKED],
        ),
    ),
)
seen(
    "the same ACL, and a group that allows all ICMP",
    "R-UNKNOWN-IN",
    record(w.LOCK, w.API_IP, w.LOCK_IP, REJECT, ICMP, lasts=1),
    change=lambda world: world.permit(w.SG_TOOLS, allow("icmp", -1, "172.20.0.0/16")).add(
        "NetworkAcls",
        acl(
            "acl-0ee5ab6cd7e8f9012",
            [entry(90, "deny", "in", "1", icmp=(8, -1)), entry(100, "allow", "in")],
            [w.LOCKED],
        ),
    ),
)
seen(
    "an ACL that denies one type and then all of ICMP denies it either way",
    "R-NACL-IN",
    record(w.LOCK, w.API_IP, w.LOCK_IP, REJECT, ICMP, lasts=1),
    change=lambda world: world.permit(w.SG_TOOLS, allow("icmp", -1, "172.20.0.0/16")).add(
        "NetworkAcls",
        acl(
            "acl-0ee5ab6cd7e8f9012",
            [entry(90, "deny", "in", "1", icmp=(8, -1)), entry(95, "deny", "in", "1", icmp=(-1, -1))],
            [w.LOCKED],
        ),
    ),
)
seen(
    "ICMP for IPv6 has a protocol of its own",
    "R-SG-IN",
    record(w.WEB, "2a02:26f0:1d::7", w.WEB_SIX, REJECT, ICMP6, lasts=1),
)
seen(
    "a rule for icmpv6 without a type is for all types",
    "R-STALE",
    record(w.WEB, "2a02:26f0:1d::7", w.WEB_SIX, REJECT, ICMP6, lasts=1),
    change=lambda world: world.permit(w.SG_WEB, allow("icmpv6", None, w.ANY_SIX)),
)
seen(
    "GRE from the block that a rule by protocol number has",
    "R-STALE",
    record(w.LOCK, "10.200.3.1", w.LOCK_IP, REJECT, GRE),
)
seen(
    "GRE from another block",
    "R-SG-IN",
    record(w.LOCK, "10.201.3.1", w.LOCK_IP, REJECT, GRE),
)
seen(
    "ESP from the block that only GRE may come from",
    "R-SG-IN",
    record(w.LOCK, "10.200.3.1", w.LOCK_IP, REJECT, ESP),
)
seen(
    "an ACL's entry for GRE denies it whatever ports stand in it",
    "R-NACL-IN",
    record(w.LOCK, "10.200.3.1", w.LOCK_IP, REJECT, GRE),
    change=lambda world: world.entries(w.ACL, entry(40, "deny", "in", "47", ports=(443, 443))),
)

# -- replies -------------------------------------------------------------------------------------------------

REFUSED_REPLY = pair(w.API, (w.WEB_IP, 33_100), (w.API_IP, 9001), second=REJECT)
seen(
    "a request is let in, and its reply is not let out, seen from the request",
    "A-REPLY-REJECTED",
    *REFUSED_REPLY,
)
seen("the same, seen from the reply", "R-NACL-RETURN-OUT", *REFUSED_REPLY, pick=1)
seen(
    "both ports are high, and only the flags tell who asked",
    "R-NACL-RETURN-OUT",
    *pair(w.API, (w.WEB_IP, 40_444), (w.API_IP, 45_123), second=REJECT),
    pick=1,
)
seen(
    "without flags a port that three peers ask is the listener's",
    "R-NACL-RETURN-OUT",
    *(record(w.API, (f"172.20.4.{71 + at}", 20_411 + at), (w.API_IP, 30_811)) for at in range(3)),
    record(w.API, (w.API_IP, 30_811), ("172.20.4.71", 20_411), REJECT),
    pick=3,
    version=2,
)
seen(
    "without an inventory a refused reply of an accepted request is the ACL's doing",
    "R-NACL-RETURN-OUT",
    *pair(w.STRANGER, (w.CLIENT, 50_911), ("10.8.3.10", 443), None, None, second=REJECT),
    pick=1,
    version=2,
    inventory=False,
)
OLD_CLIENT = pair(w.API, (w.API_IP, 2044), (w.HOST, 443), second=REJECT)
seen("a reply to a low client port is not let in", "R-NACL-RETURN-IN", *OLD_CLIENT, pick=1)
seen("the request that such a reply was for", "A-REPLY-REJECTED", *OLD_CLIENT)
seen(
    "without an inventory, a reply that was not let in",
    "R-NACL-RETURN-IN",
    *pair(w.STRANGER, ("10.8.3.10", 50_911), (w.HOST, 443), second=REJECT),
    pick=1,
    inventory=False,
)
seen(
    "a reply that the ACL lets out today",
    "R-LATE",
    *pair(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 443), second=REJECT),
    pick=1,
)
seen(
    "some replies passed, so the ACL's answer today is about what changed",
    "R-CHANGED-NACL",
    *pair(w.API, (w.WEB_IP, 33_100), (w.API_IP, 9001)),
    record(w.API, (w.API_IP, 9001), (w.WEB_IP, 33_100), REJECT, flags=0, after=300),
    pick=2,
)
seen(
    "a UDP reply to an old client's port",
    "R-NACL-RETURN-IN",
    *pair(w.API, (w.API_IP, 2044), (w.DB_IP, 5353), None, None, second=REJECT, protocol=UDP),
    pick=1,
)

# -- the same flow before ------------------------------------------------------------------------------------

seen(
    "accepted ten minutes ago, and the group has no such rule any more",
    "R-CHANGED-SG",
    record(w.DB, (w.WEB_IP, 41_330), (w.DB_IP, 3306), flags=SYN),
    record(w.DB, (w.WEB_IP, 41_330), (w.DB_IP, 3306), REJECT, flags=SYN, after=600),
    pick=1,
)
seen(
    "accepted ten minutes later only, so nothing had changed by then",
    "R-SG-IN",
    record(w.DB, (w.WEB_IP, 41_330), (w.DB_IP, 3306), REJECT, flags=SYN),
    record(w.DB, (w.WEB_IP, 41_330), (w.DB_IP, 3306), flags=SYN, after=600),
)
seen(
    "accepted before from another port, which is another flow",
    "R-SG-IN",
    record(w.DB, (w.WEB_IP, 41_331), (w.DB_IP, 3306), flags=SYN),
    record(w.DB, (w.WEB_IP, 41_330), (w.DB_IP, 3306), REJECT, flags=SYN, after=600),
    pick=1,
)
seen(
    "a stream is cut where the ACL denies it now",
    "R-CHANGED-NACL",
    record(w.API, (w.WEB_B_IP, 40_710), (w.API_IP, 9000), flags=SYN),
    record(w.API, (w.WEB_B_IP, 40_710), (w.API_IP, 9000), REJECT, flags=0, after=60),
    pick=1,
)
seen(
    "accepted before, refused as a new request, and only the ACL denies it",
    "R-NACL-IN",
    record(w.API, (w.WEB_B_IP, 40_710), (w.API_IP, 9000), flags=SYN),
    record(w.API, (w.WEB_B_IP, 40_710), (w.API_IP, 9000), REJECT, flags=SYN, after=60),
    pick=1,
)
seen(
    "silent for longer than connection tracking remembers, and no FIN",
    "R-LATE",
    *pair(w.STREAM, (w.STREAM_IP, 45_870), (w.HOST, 443)),
    record(w.STREAM, (w.HOST, 443), (w.STREAM_IP, 45_870), REJECT, flags=0, after=500, lasts=1),
    pick=2,
    others=("connection tracking forgets after 350 s",),
)
seen(
    "a last packet after both sides had closed",
    "R-LATE",
    *pair(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 443), 3, 19),
    record(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 443), REJECT, flags=0, after=60, lasts=1),
    pick=2,
    others=("The connection was closed before",),
)
seen(
    "a packet after a reset",
    "R-LATE",
    *pair(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 443), 6, 18),
    record(w.WEB, (w.WEB_IP, 443), (w.CLIENT, 50_911), REJECT, flags=0, after=60, lasts=1),
    pick=2,
)
seen(
    "a FIN of its own that nobody waits for any more",
    "R-LATE",
    *pair(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 443)),
    record(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 443), REJECT, flags=1, after=90, lasts=1),
    pick=2,
)
seen(
    "an untracked stream goes on after its rule was taken away",
    "R-LATE",
    *pair(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 8444)),
    record(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 8444), REJECT, flags=0, after=90),
    pick=2,
)
seen(
    "UDP after its entry had expired",
    "R-LATE",
    record(w.STREAM, (w.STREAM_IP, 45_870), (w.HOST, 8125), protocol=UDP),
    record(w.STREAM, (w.HOST, 8125), (w.STREAM_IP, 45_870), protocol=UDP),
    record(w.STREAM, (w.HOST, 8125), (w.STREAM_IP, 45_870), REJECT, UDP, after=400),
    pick=2,
)

# -- answers that nobody asked for, and other interfaces -----------------------------------------------------

seen(
    "a SYN-ACK from the internet that nobody asked for",
    "R-BACKSCATTER",
    record(w.WEB, (w.HOST, 80), (w.WEB_IP, 39_121), REJECT, flags=SYN_ACK, lasts=1),
    noise=True,
)
seen(
    "a reset from the internet that nobody asked for is judged by the rules",
    "R-SG-IN",
    record(w.WEB, (w.HOST, 80), (w.WEB_IP, 39_121), REJECT, flags=RST, lasts=1),
)
ASYMMETRIC = (
    record(w.FW_OUT, (w.FW_OUT_IP, 44_310), (w.DB_B_IP, 3306), flags=SYN, pkt_srcaddr=w.FW_IN_IP),
    record(w.FW_IN, (w.DB_B_IP, 3306), (w.FW_IN_IP, 44_310), REJECT, flags=SYN_ACK),
)
seen("the SYN left by the other interface of the appliance", "R-ASYM", *ASYMMETRIC, pick=1)
seen(
    "the SYN left by an interface of another instance",
    "R-ASYM",
    record(w.WEB, (w.WEB_IP, 44_310), (w.DB_B_IP, 3306), flags=SYN),
    record(w.FW_IN, (w.DB_B_IP, 3306), (w.WEB_IP, 44_310), REJECT, flags=SYN_ACK, flow_direction="ingress"),
    pick=1,
)
ASYMMETRIC_ADDRESS = (
    record(w.FW_OUT, (w.FW_OUT_IP, 44_310), (w.DB_B_IP, 3306), flags=SYN),
    record(w.FW_IN, (w.DB_B_IP, 3306), (w.FW_OUT_IP, 44_310), REJECT, flags=SYN_ACK),
)
seen("the same, and the address stays that of the other interface", "R-ASYM", *ASYMMETRIC_ADDRESS, pick=1)
ASTRAY = (
    record(w.WEB, (w.WEB_IP, 44_310), (w.HOST, 443), flags=SYN),
    record(w.FW_IN, (w.HOST, 443), (w.WEB_IP, 44_310), REJECT, flags=SYN_ACK),
)
seen("neither address is the interface's: what comes from the internet came in", "R-ASYM", *ASTRAY, pick=1)
ANSWERED_ELSEWHERE = (
    record(w.FW_OUT, (w.DB_B_IP, 44_310), (w.FW_OUT_IP, 443), flags=SYN),
    record(w.FW_IN, (w.FW_IN_IP, 443), (w.DB_B_IP, 44_310), flags=SYN_ACK, pkt_srcaddr=w.FW_OUT_IP),
)
seen("the reply left by the other interface of the instance", "A-ASYM", *ANSWERED_ELSEWHERE)
seen("and that reply, whose request came by the other one", "A-ASYM", *ANSWERED_ELSEWHERE, pick=1)
seen(
    "the records themselves name the instance that both interfaces are of",
    "A-ASYM",
    record(w.STRANGER, (w.CLIENT, 44_310), ("10.8.3.10", 443), flags=SYN, instance_id="i-0feedfacecafe0123"),
    record(w.PEER, ("10.8.3.10", 443), (w.CLIENT, 44_310), flags=SYN_ACK, instance_id="i-0feedfacecafe0123"),
    inventory=False,
)
seen(
    "a reply that another instance's interface saw is none of this host's",
    "A-NOREPLY-HOST",
    record(w.WEB, (w.CLIENT, 44_310), (w.WEB_IP, 443), flags=SYN),
    record(w.FW_IN, (w.WEB_IP, 443), (w.CLIENT, 44_310), flags=SYN_ACK, flow_direction="egress"),
    others=("The other direction is at another interface only: ACCEPT tcp", f"at {w.FW_IN}"),
    confidence="low",
)
seen(
    "a host that is silent",
    "A-NOREPLY-HOST",
    record(w.WEB, (w.CLIENT, 44_310), (w.WEB_IP, 443), flags=SYN),
    others=("Nothing of the other direction", "the host's firewall"),
    confidence="high",
)
seen(
    "a transit gateway's interface is on the way only: the reply may come by one of another zone",
    "A-NOREPLY-HOST",
    record(w.TGW, (w.WEB_IP, 44_310), ("192.168.7.9", 443), flags=SYN, flow_direction="ingress"),
    others=(f"192.168.7.9 is no address of {w.TGW}", "another availability zone"),
    confidence="medium",
)

# -- Block Public Access and encryption controls -------------------------------------------------------------

seen(
    "Block Public Access, without a count of bytes",
    "R-BPA",
    record(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 443), REJECT, flags=SYN, reject_reason="BPA", bytes="-"),
    version=8,
)
seen(
    "Block Public Access on the way out, of a port that no rule allows either",
    "R-BPA",
    record(w.DB, (w.DB_IP, 50_911), (w.HOST, 443), REJECT, flags=SYN, reject_reason="BPA"),
    version=9,
)
seen(
    "encryption controls",
    "R-EC",
    record(w.WEB, (w.STREAM_IP, 50_911), (w.WEB_IP, 443), REJECT, flags=SYN, reject_reason="EC"),
    version=10,
)
seen(
    "a reason that is logged and empty rules both out",
    "R-STALE",
    record(w.WEB, (w.STREAM_IP, 50_911), (w.WEB_IP, 443), REJECT, flags=SYN),
    version=8,
    others=("Block Public Access and encryption controls: reject-reason is logged and empty",),
)

# -- accepted ------------------------------------------------------------------------------------------------

HANDSHAKE = pair(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 443))
seen("a connection as it should be, from its request", "A-OK", *HANDSHAKE)
seen("a connection as it should be, from its reply", "A-OK", *HANDSHAKE, pick=1)
seen(
    "the same in the fields of version 2",
    "A-OK",
    *pair(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 443), None, None),
    version=2,
)
seen("the same in the fields of version 3", "A-OK", *HANDSHAKE, version=3)
seen("the same in the fields of version 4", "A-OK", *HANDSHAKE, version=4)
seen("the same in the fields of version 7", "A-OK", *HANDSHAKE, version=7)
seen("the same in the fields of version 10", "A-OK", *HANDSHAKE, version=10)
CLOSED = pair(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 443), SYN, RST, lasts=1)
seen("nothing listens: a SYN and a reset", "A-REFUSED", *CLOSED)
seen("the reset of a closed port", "A-REFUSED", *CLOSED, pick=1)
seen(
    "a reset after a SYN-ACK ends a connection that was made",
    "A-OK",
    *pair(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 443), 3, 22),
)
seen(
    "the client resets what was accepted",
    "A-OK",
    *pair(w.WEB, (w.CLIENT, 50_911), (w.WEB_IP, 443), 6, 18),
)
seen(
    "the far side refuses our request",
    "A-REFUSED",
    *pair(w.WEB, (w.WEB_IP, 50_911), (w.HOST, 8443), SYN, RST),
)
seen(
    "one reply was refused and one passed",
    "A-OK",
    *HANDSHAKE,
    record(w.WEB, (w.WEB_IP, 443), (w.CLIENT, 50_911), REJECT, flags=0),
)
seen(
    "let out, routed, and the far side is silent",
    "A-NOREPLY-REMOTE",
    record(w.WEB, (w.WEB_IP, 40_911), (w.HOST, 8443), flags=SYN),
)
seen(
    "let in, and the host is silent",
    "A-NOREPLY-HOST",
    record(w.WEB, (w.CLIENT, 40_911), (w.WEB_IP, 443), flags=SYN),
)
seen(
    "UDP that was let in and is not answered",
    "A-NOREPLY-HOST",
    record(w.WEB, (w.CLIENT, 40_911), (w.WEB_IP, 514), protocol=UDP),
)
seen(
    "a closed UDP port: ICMP comes back, though that is refused",
    "A-ICMP-ANSWER",
    record(w.WEB, (w.WEB_IP, 40_811), (w.HOST, 33_441), protocol=UDP, lasts=1),
    record(w.WEB, w.HOST, w.WEB_IP, REJECT, ICMP, after=1, lasts=1),
)
seen(
    "ICMP 120 seconds later still counts as an answer",
    "A-ICMP-ANSWER",
    record(w.WEB, (w.WEB_IP, 40_811), (w.HOST, 33_441), protocol=UDP, lasts=1),
    record(w.WEB, w.HOST, w.WEB_IP, REJECT, ICMP, after=120, lasts=1),
)
seen(
    "ICMP 121 seconds later does not",
    "A-NOREPLY-REMOTE",
    record(w.WEB, (w.WEB_IP, 40_811), (w.HOST, 33_441), protocol=UDP, lasts=1),
    record(w.WEB, w.HOST, w.WEB_IP, REJECT, ICMP, after=121, lasts=1),
)
seen(
    "an unreachable of IPv6",
    "A-ICMP-ANSWER",
    record(w.WEB, (w.WEB_SIX, 40_811), ("2a02:26f0:1d::7", 33_441), protocol=UDP, lasts=1),
    record(w.WEB, "2a02:26f0:1d::7", w.WEB_SIX, REJECT, ICMP6, after=3, lasts=1),
)
seen(
    "ICMP from another router is no answer of that host",
    "A-NOREPLY-REMOTE",
    record(w.WEB, (w.WEB_IP, 40_811), (w.HOST, 33_441), protocol=UDP, lasts=1),
    record(w.WEB, "151.101.1.1", w.WEB_IP, REJECT, ICMP, after=3, lasts=1),
)
seen(
    "a ping that is answered",
    "A-OK",
    record(w.WEB, w.API_IP, w.WEB_IP, protocol=ICMP),
    record(w.WEB, w.WEB_IP, w.API_IP, protocol=ICMP),
)
seen(
    "a ping that is not let out again: the group cannot do that, so it is the ACL",
    "A-REPLY-REJECTED",
    record(w.API, w.CLIENT, w.API_IP, protocol=ICMP),
    record(w.API, w.API_IP, w.CLIENT, REJECT, ICMP),
)

# -- which way it went ---------------------------------------------------------------------------------------

seen(
    "without an inventory the address that all records of the interface have is its own",
    "A-NOREPLY-HOST",
    record(w.STRANGER, ("2a02:26f0:1d::7", 40_911), ("2600:1f18:99::10", 8443), flags=SYN),
    record(w.STRANGER, ("2a02:26f0:1d::8", 40_912), ("2600:1f18:99::10", 8443), flags=SYN),
    inventory=False,
)
seen(
    "without an inventory flow-direction tells",
    "A-NOREPLY-REMOTE",
    record(w.STRANGER, ("10.8.3.10", 40_911), ("10.8.4.10", 8443), flags=SYN, flow_direction="egress"),
    inventory=False,
)
seen(
    "without an inventory the address that is not public is the interface's",
    "A-NOREPLY-REMOTE",
    record(w.STRANGER, ("10.8.3.10", 40_911), (w.HOST, 8443)),
    inventory=False,
    version=2,
)
seen(
    "without an inventory the address of another interface is not this one's",
    "A-NOREPLY-HOST",
    record(w.STRANGER, ("10.8.3.10", 40_911), ("10.8.4.10", 8443)),
    record(w.PEER, ("10.8.3.10", 40_912), ("10.8.5.10", 8443)),
    record(w.PEER, ("10.8.3.10", 40_912), ("10.8.6.10", 8443)),
    inventory=False,
    version=2,
)
seen(
    "two private addresses that nothing is known of",
    "A-NOREPLY-UNKNOWN",
    record(w.STRANGER, ("10.8.3.10", 40_911), ("10.8.4.10", 8443)),
    inventory=False,
    version=2,
)
seen(
    "documentation networks are as public as others",
    "A-NOREPLY-HOST",
    record(w.STRANGER, ("203.0.113.77", 40_911), ("100.64.3.10", 8443)),
    inventory=False,
    version=2,
)
seen(
    "refused without an inventory: it came in, and no rule is known",
    "R-UNKNOWN-IN",
    record(w.STRANGER, (w.CLIENT, 40_911), ("10.8.3.10", 8443), REJECT),
    inventory=False,
    version=2,
)
seen(
    "refused on the way out without an inventory",
    "R-UNKNOWN-OUT",
    record(w.STRANGER, ("10.8.3.10", 40_911), (w.HOST, 8443), REJECT),
    inventory=False,
    version=2,
)

# -- the far side is ours ------------------------------------------------------------------------------------


def both_ends(source, target, here, there, action=REJECT, flags=SYN, **more):
    """A request that one of our interfaces let out, and what another one made of it."""
    return record(here, source, target, flags=flags), record(
        there, source, target, action, flags=flags, **more
    )


seen(
    "the database's group refuses what the web server sent",
    "A-REMOTE-R-SG-IN",
    *both_ends((w.WEB_IP, 41_330), (w.DB_IP, 3306), w.WEB, w.DB),
)
seen(
    "the ACL of the application's subnet refuses it there",
    "A-REMOTE-R-NACL-IN",
    *both_ends((w.WEB_B_IP, 41_330), (w.API_IP, 9000), w.WEB_B, w.API),
)
seen(
    "neither group nor ACL lets it in there",
    "A-REMOTE-R-BOTH-IN",
    *both_ends((w.WEB_IP, 41_330), (w.API_IP, 25), w.WEB, w.API),
)
seen(
    "the far host is silent",
    "A-REMOTE-A-NOREPLY-HOST",
    *both_ends((w.WEB_IP, 41_330), (w.API_IP, 9002), w.WEB, w.API, ACCEPT),
)
seen(
    "the far side's rules allow it today",
    "A-REMOTE-R-STALE",
    *both_ends((w.WEB_IP, 41_330), (w.API_IP, 9002), w.WEB, w.API),
)
seen(
    "the far side's groups are not known",
    "A-REMOTE-R-UNKNOWN-IN",
    *both_ends((w.WEB_IP, 41_330), (w.API_IP, 9002), w.WEB, w.API),
    change=lambda world: world.forget_items("SecurityGroups", w.SG_API),
)
seen(
    "the far side answered, and the answer did not come back here",
    "A-REMOTE-A-OK",
    *both_ends((w.WEB_IP, 41_330), (w.DB_IP, 3306), w.WEB, w.DB, ACCEPT),
    record(w.DB, (w.DB_IP, 3306), (w.WEB_IP, 41_330), flags=SYN_ACK),
)
seen(
    "the far side's reply is refused there",
    "A-REMOTE-A-REPLY-REJECTED",
    *both_ends((w.WEB_IP, 33_100), (w.API_IP, 9002), w.WEB, w.API, ACCEPT),
    record(w.API, (w.API_IP, 9002), (w.WEB_IP, 33_100), REJECT, flags=SYN_ACK),
)
seen(
    "the far side refuses it with a reset that does not come back here",
    "A-REMOTE-A-REFUSED",
    *both_ends((w.WEB_IP, 41_330), (w.DB_IP, 3306), w.WEB, w.DB, ACCEPT),
    record(w.DB, (w.DB_IP, 3306), (w.WEB_IP, 41_330), flags=RST),
)
seen(
    "the far side's reply leaves by another of its interfaces",
    "A-REMOTE-A-ASYM",
    *both_ends((w.DB_B_IP, 41_330), (w.FW_OUT_IP, 443), w.DB_B, w.FW_OUT, ACCEPT),
    record(w.FW_IN, (w.FW_IN_IP, 443), (w.DB_B_IP, 41_330), flags=SYN_ACK, pkt_srcaddr=w.FW_OUT_IP),
)
seen(
    "encryption controls refuse it there",
    "A-REMOTE-R-EC",
    *both_ends((w.WEB_IP, 41_330), (w.DB_IP, 3306), w.WEB, w.DB, reject_reason="EC"),
    version=10,
)
seen(
    "the far side's group was changed in between",
    "A-REMOTE-R-CHANGED-SG",
    record(w.WEB, (w.WEB_IP, 41_330), (w.DB_IP, 3306), flags=SYN, after=600),
    record(w.DB, (w.WEB_IP, 41_330), (w.DB_IP, 3306), flags=SYN),
    record(w.DB, (w.WEB_IP, 41_330), (w.DB_IP, 3306), REJECT, flags=SYN, after=600),
)
seen(
    "a late packet of a connection that the far side has forgotten",
    "A-REMOTE-R-LATE",
    record(w.WEB, (w.WEB_IP, 41_330), (w.STREAM_IP, 9000), flags=0, after=900),
    record(w.STREAM, (w.WEB_IP, 41_330), (w.STREAM_IP, 9000), flags=SYN),
    record(w.STREAM, (w.WEB_IP, 41_330), (w.STREAM_IP, 9000), REJECT, flags=0, after=900),
)
seen(
    "the far interface is ours and has no record of it",
    "A-NOREPLY-REMOTE",
    record(w.WEB, (w.WEB_IP, 41_330), (w.DB_IP, 3306), flags=SYN),
)
seen(
    "the far side over the peering, whose account was saved too",
    "A-REMOTE-R-SG-IN",
    *both_ends((w.WEB_IP, 41_330), (w.PEER_IP, 8444), w.WEB, w.PEER),
    change=lambda world: world.with_peer_account(),
)
seen(
    "without an inventory another interface saw it come in",
    "A-REMOTE-R-UNKNOWN-IN",
    record(w.WEB, (w.WEB_IP, 41_330), (w.DB_IP, 3306), flags=SYN, flow_direction="egress"),
    record(w.DB, (w.WEB_IP, 41_330), (w.DB_IP, 3306), REJECT, flags=SYN, flow_direction="ingress"),
    inventory=False,
)

# -- routes --------------------------------------------------------------------------------------------------

seen(
    "let out of a subnet that has no way to the internet",
    "A-NOROUTE",
    record(w.LOCK, (w.LOCK_IP, 40_911), (w.HOST, 443), flags=SYN),
)
seen(
    "let out to a peering that is gone",
    "A-BLACKHOLE",
    record(w.LOCK, (w.LOCK_IP, 40_911), ("10.66.1.9", 443), flags=SYN),
)
seen(
    "a longer prefix leads around the blackhole",
    "A-NOREPLY-REMOTE",
    record(w.LOCK, (w.LOCK_IP, 40_911), ("10.66.7.9", 443), flags=SYN),
)
seen(
    "a longer prefix leads into the blackhole",
    "A-BLACKHOLE",
    record(w.LOCK, (w.LOCK_IP, 40_911), ("10.77.9.9", 443), flags=SYN),
)
seen(
    "a route by a prefix list",
    "A-NOREPLY-REMOTE",
    record(w.LOCK, (w.LOCK_IP, 40_911), (w.OFFICE_IP, 443), flags=SYN),
    change=lambda world: world.routes(w.RTB_LOCKED, route(w.OFFICE, "tgw-0a1b2c3d4e5f60718")),
)
seen(
    "an address that the prefix list of the only route does not have",
    "A-NOROUTE",
    record(w.LOCK, (w.LOCK_IP, 40_911), (w.HOST, 443), flags=SYN),
    change=lambda world: world.routes(w.RTB_LOCKED, route(w.OFFICE, "tgw-0a1b2c3d4e5f60718")),
)
seen(
    "a route by a prefix list that nobody saved may be the one",
    "A-NOREPLY-REMOTE",
    record(w.LOCK, (w.LOCK_IP, 40_911), (w.HOST, 443), flags=SYN),
    change=lambda world: world.routes(w.RTB_LOCKED, route(w.SERVICE_LIST, "vpce-0a1b2c3d4e5f60718")),
)
seen(
    "an IPv6 address has no route by an IPv4 default",
    "A-NOROUTE",
    record(w.API, ("2600:1f18:4a2b:7c10::5", 40_911), ("2a02:26f0:1d::7", 443), flags=SYN),
    change=lambda world: world.edit(
        "NetworkInterfaces", w.API, Ipv6Addresses=[{"Ipv6Address": "2600:1f18:4a2b:7c10::5"}]
    ),
)
seen(
    "a subnet without an association has the main table",
    "A-NOREPLY-REMOTE",
    record(w.DB, (w.DB_IP, 40_911), (w.HOST, 443), flags=SYN),
)
seen(
    "no route tables were saved, so no missing route is claimed",
    "A-NOREPLY-REMOTE",
    record(w.LOCK, (w.LOCK_IP, 40_911), (w.HOST, 443), flags=SYN),
    change=lambda world: world.forget("RouteTables"),
)
seen(
    "only the first pages of the route tables, and the subnet's is not among them",
    "A-NOREPLY-REMOTE",
    record(w.DB, (w.DB_IP, 40_911), (w.HOST, 443), flags=SYN),
    change=lambda world: world.first_pages_of("RouteTables").edit(
        "RouteTables", w.RTB, Routes=[route("172.20.0.0/16", "local")]
    ),
)

# -- peering -------------------------------------------------------------------------------------------------

FROM_PEER = record(w.STREAM, (w.PEER_IP, 41_330), (w.STREAM_IP, 9094), REJECT, flags=SYN)
seen("a rule names a group over the peering, whose members are not known", "R-UNKNOWN-IN", FROM_PEER)
seen(
    "the peer's account was saved too, and the address is a member's",
    "R-STALE",
    FROM_PEER,
    change=lambda world: world.with_peer_account(),
)
seen(
    "the peer's account was saved too, and the address is that of another group",
    "R-SG-IN",
    record(w.STREAM, ("172.28.8.16", 41_330), (w.STREAM_IP, 9094), REJECT, flags=SYN),
    change=lambda world: world.with_peer_account(),
)
seen(
    "the peer's groups were saved, its interfaces were not",
    "R-UNKNOWN-IN",
    FROM_PEER,
    change=lambda world: world.with_peer_account("SecurityGroups", "Subnets", "Vpcs"),
)
seen(
    "a reference over a peering that was deleted is stale",
    "R-SG-IN",
    record(w.STREAM, (w.PEER_IP, 41_330), (w.STREAM_IP, 9095), REJECT, flags=SYN),
)
seen(
    "a reference to a group that the peer has deleted is stale",
    "R-SG-IN",
    record(w.STREAM, (w.PEER_IP, 41_330), (w.STREAM_IP, 9096), REJECT, flags=SYN),
)
seen(
    "nobody from the internet is a member over the peering",
    "R-SG-IN",
    record(w.STREAM, (w.CLIENT, 41_330), (w.STREAM_IP, 9094), REJECT, flags=SYN),
)

# -- NAT gateways, transit gateways, load balancers, endpoints -----------------------------------------------

THROUGH_NAT = (
    record(w.NAT, (w.API_IP, 51_330), (w.NAT_IP, 443), flags=SYN, pkt_dstaddr=w.HOST),
    record(w.NAT, (w.NAT_IP, 20_990), (w.HOST, 443), flags=SYN),
    record(w.NAT, (w.HOST, 443), (w.NAT_IP, 20_990), flags=SYN_ACK),
    record(w.NAT, (w.NAT_IP, 443), (w.API_IP, 51_330), flags=SYN_ACK, pkt_srcaddr=w.HOST),
)
seen("through a NAT gateway, on its inner side", "A-OK", *THROUGH_NAT)
seen("through a NAT gateway, on its outer side", "A-OK", *THROUGH_NAT, pick=1)
seen("what a NAT gateway hands back", "A-OK", *THROUGH_NAT, pick=3)
seen(
    "a NAT gateway has no groups, so only the ACL can have refused it",
    "R-NACL-IN",
    record(w.NAT, (w.CLIENT, 51_330), (w.NAT_IP, 443), REJECT, flags=SYN),
    change=lambda world: world.entries(w.ACL, entry(60, "deny", "in", block="45.83.64.0/24")),
)
seen(
    "the reply from the internet is refused at the NAT gateway",
    "R-NACL-RETURN-IN",
    *THROUGH_NAT[:2],
    record(w.NAT, (w.HOST, 443), (w.NAT_IP, 20_990), REJECT, flags=SYN_ACK),
    pick=2,
    change=lambda world: world.entries(w.ACL, entry(60, "deny", "in", "6", ports=(1024, 32_767))),
)
seen(
    "the NAT gateway passed it on, and the internet is silent",
    "A-NOREPLY-REMOTE",
    record(w.API, (w.API_IP, 51_330), (w.HOST, 443), flags=SYN),
    *THROUGH_NAT[:2],
)
seen(
    "the NAT gateway's subnet refused it",
    "A-REMOTE-R-NACL-IN",
    record(w.API, (w.API_IP, 51_330), (w.HOST, 443), flags=SYN),
    record(w.NAT, (w.API_IP, 51_330), (w.NAT_IP, 443), REJECT, flags=SYN, pkt_dstaddr=w.HOST),
    change=lambda world: world.entries(w.ACL, entry(60, "deny", "in", block="172.20.16.0/22")),
)
seen(
    "from a transit gateway that is attached in the same subnet: its ACL is not asked",
    "R-STALE",
    record(w.MIX, (w.ON_PREMISE, 41_330), (w.MIX_IP, 443), REJECT, flags=SYN),
    change=lambda world: world.permit(w.SG_TOOLS, allow("tcp", 443, "192.168.0.0/16")),
)
seen(
    "the same, and the group has no rule for it",
    "R-SG-IN",
    record(w.MIX, (w.ON_PREMISE, 41_330), (w.MIX_IP, 443), REJECT, flags=SYN),
)
seen(
    "the internet by that transit gateway: its ACL is not asked",
    "R-SG-IN",
    record(w.MIX, (w.HOST, 41_330), (w.MIX_IP, 443), REJECT, flags=SYN),
    change=lambda world: world.routes(w.RTB, route("151.101.0.0/16", "tgw-0a1b2c3d4e5f60718")),
)
seen(
    "the internet by an internet gateway beside that transit gateway: the ACL is asked",
    "R-BOTH-IN",
    record(w.MIX, (w.HOST, 41_330), (w.MIX_IP, 443), REJECT, flags=SYN),
)
seen(
    "from within the VPC the ACL of that subnet is asked",
    "R-NACL-IN",
    record(w.MIX, (w.WEB_IP, 41_330), (w.MIX_IP, 443), REJECT, flags=SYN),
)
seen(
    "towards the transit gateway the ACL is asked as well",
    "R-NACL-OUT",
    record(w.MIX, (w.MIX_IP, 41_330), (w.ON_PREMISE, 443), REJECT, flags=SYN),
)
seen(
    "a transit gateway that is attached in another subnet: the ACL is asked",
    "R-BOTH-IN",
    record(w.API, (w.ON_PREMISE, 41_330), (w.API_IP, 9000), REJECT, flags=SYN),
)
seen(
    "the interface of a transit gateway has no groups, so only the ACL can have refused it",
    "R-NACL-OUT",
    record(w.TGW, (w.TGW_IP, 41_330), (w.WEB_IP, 443), REJECT, flags=SYN, pkt_srcaddr=w.ON_PREMISE),
    change=lambda world: world.add(
        "NetworkAcls", acl("acl-0ee5ab6cd7e8f9012", [entry(100, "allow", "in")], [w.TRANSIT])
    ),
)
seen(
    "the load balancer's group is the only one that the nodes let in",
    "R-STALE",
    record(w.NODE, (w.ALB_IP, 41_330), (w.NODE_IP, 31_000), REJECT, flags=SYN),
)
seen(
    "a Network Load Balancer keeps the client's address, which the node's group does not know",
    "R-SG-IN",
    record(w.NODE, (w.CLIENT, 41_330), (w.NODE_IP, 31_000), REJECT, flags=SYN),
)
seen(
    "health checks of a Network Load Balancer come from its own address",
    "R-SG-IN",
    record(w.NODE, (w.NLB_IP, 41_330), (w.NODE_IP, 31_000), REJECT, flags=SYN),
)
seen(
    "the load balancer may not ask its target's other port",
    "R-SG-OUT",
    record(w.ALB, (w.ALB_IP, 41_330), (w.NODE_IP, 8081), REJECT, flags=SYN),
)
seen(
    "a port that the load balancer has no listener for",
    "R-SG-IN",
    record(w.ALB, (w.CLIENT, 41_330), (w.ALB_IP, 8443), REJECT, flags=SYN),
)
seen(
    "an interface endpoint has groups too",
    "R-SG-IN",
    record(w.ENDPOINT, (w.WEB_IP, 41_330), (w.ENDPOINT_IP, 80), REJECT, flags=SYN),
)

# -- pods ----------------------------------------------------------------------------------------------------

seen(
    "a pod on a node's secondary address is no member of the database's clients",
    "R-SG-IN",
    record(w.DB, (w.POD_A, 41_330), (w.DB_IP, 3306), REJECT, flags=SYN),
)
seen(
    "a pod on a delegated prefix counts as its node's",
    "R-STALE",
    record(w.NODE_B, (w.POD_PREFIX_IP, 41_330), (w.NODE_B_IP, 10_250), REJECT, flags=SYN),
)
seen(
    "an address behind the delegated prefix is nobody's",
    "R-SG-IN",
    record(w.NODE_B, ("172.20.70.32", 41_330), (w.NODE_B_IP, 10_250), REJECT, flags=SYN),
)
seen(
    "records show the node's address for the pod's",
    "R-SG-IN",
    record(w.NODE_B, (w.CLIENT, 41_330), (w.NODE_B_IP, 8080), REJECT, flags=SYN, pkt_dstaddr=w.POD_FAR),
)
seen(
    "pod to pod over two nodes, and the far pod is silent",
    "A-REMOTE-A-NOREPLY-HOST",
    record(w.NODE, (w.NODE_IP, 41_330), (w.POD_FAR, 8080), flags=SYN, pkt_srcaddr=w.POD_A),
    record(w.NODE_B, (w.POD_A, 41_330), (w.NODE_B_IP, 8080), flags=SYN, pkt_dstaddr=w.POD_FAR),
)
seen(
    "a pod with groups of its own lets its nodes in",
    "R-STALE",
    record(w.POD, (w.POD_A, 41_330), (w.POD_OWN_IP, 8080), REJECT, flags=SYN),
)
seen(
    "a pod with groups of its own does not have its node's rules",
    "R-SG-IN",
    record(w.POD, (w.POD_A, 41_330), (w.POD_OWN_IP, 10_250), REJECT, flags=SYN),
)

# -- noise ---------------------------------------------------------------------------------------------------

SCAN = [record(w.WEB, (w.CLIENT, 61_000), (w.WEB_IP, port), REJECT, flags=SYN) for port in (23, 3389, 5900)]
seen("a scan of three ports is noise", "R-SG-IN", *SCAN, noise=True)
seen("two ports are no scan yet", "R-SG-IN", *SCAN[:2])
seen(
    "three addresses are a scan as well",
    "R-SG-IN",
    record(w.WEB, (w.CLIENT, 61_000), (w.WEB_IP, 23), REJECT, flags=SYN),
    record(w.ALB, (w.CLIENT, 61_000), (w.ALB_IP, 23), REJECT, flags=SYN),
    record(w.WEB_B, (w.CLIENT, 61_000), (w.WEB_B_IP, 23), REJECT, flags=SYN),
    noise=True,
)
seen(
    "one of ours that asks for three ports is no noise",
    "R-SG-IN",
    *(record(w.DB, (w.WEB_IP, 41_330), (w.DB_IP, port), REJECT, flags=SYN) for port in (22, 80, 5432)),
)
seen(
    "what was accepted is no noise, whoever scans",
    "A-NOREPLY-HOST",
    record(w.WEB, (w.CLIENT, 61_000), (w.WEB_IP, 443), flags=SYN),
    *SCAN,
)

# -- what the inventory lacks --------------------------------------------------------------------------------

TO_DB = record(w.DB, (w.WEB_IP, 41_330), (w.DB_IP, 3306), REJECT, flags=SYN)
seen("no groups were saved", "R-UNKNOWN-IN", TO_DB, change=lambda world: world.forget("SecurityGroups"))
seen(
    "no ACLs were saved, but the group refuses it",
    "R-SG-IN",
    TO_DB,
    change=lambda world: world.forget("NetworkAcls"),
)
seen(
    "no ACLs were saved, and the group allows it",
    "R-UNKNOWN-IN",
    record(w.WEB, (w.CLIENT, 50_611), (w.WEB_IP, 443), REJECT, flags=SYN),
    change=lambda world: world.forget("NetworkAcls"),
)
seen(
    "no interfaces were saved", "R-UNKNOWN-IN", TO_DB, change=lambda world: world.forget("NetworkInterfaces")
)
seen("no subnets were saved", "R-SG-IN", TO_DB, change=lambda world: world.forget("Subnets"))
seen("no VPCs were saved", "R-SG-IN", TO_DB, change=lambda world: world.forget("Vpcs"))
seen(
    "no subnets were saved, and the peer may be a neighbour that no ACL is asked about",
    "R-SG-IN",
    record(w.API, ("172.20.17.99", 41_330), (w.API_IP, 25), REJECT, flags=SYN),
    change=lambda world: world.forget("Subnets"),
)
seen(
    "no subnets were saved, the group allows it, and whether the ACL is asked is not known",
    "R-UNKNOWN-IN",
    record(w.API, ("172.20.17.99", 41_330), (w.API_IP, 25), REJECT, flags=SYN),
    change=lambda world: world.forget("Subnets").permit(w.SG_API, allow("tcp", 25, "172.20.0.0/16")),
)
seen(
    "only the first groups were saved",
    "R-UNKNOWN-IN",
    TO_DB,
    change=lambda world: world.first_pages_of("SecurityGroups"),
)
seen(
    "only the first interfaces were saved, and the peer is among them",
    "R-SG-IN",
    TO_DB,
    change=lambda world: world.first_pages_of("NetworkInterfaces"),
)
seen(
    "only the first interfaces were saved, and the peer is not among them",
    "R-UNKNOWN-IN",
    TO_DB,
    change=lambda world: world.first_pages_of("NetworkInterfaces").forget_items("NetworkInterfaces", w.WEB),
)
seen(
    "only the first ACLs were saved: the one with the association may be missing",
    "R-UNKNOWN-IN",
    record(w.WEB, (w.CLIENT, 50_611), (w.WEB_IP, 443), REJECT, flags=SYN),
    change=lambda world: world.first_pages_of("NetworkAcls"),
)
seen(
    "only the first ACLs were saved, and the one with the association is among them",
    "R-NACL-IN",
    record(w.API, (w.WEB_B_IP, 40_710), (w.API_IP, 9000), REJECT, flags=SYN),
    change=lambda world: world.first_pages_of("NetworkAcls"),
)
seen(
    "groups in several pages",
    "R-SG-IN",
    TO_DB,
    change=lambda world: world.in_pages("SecurityGroups", 2),
)
seen(
    "interfaces in several pages, packed",
    "R-NACL-IN",
    record(w.API, (w.WEB_B_IP, 40_710), (w.API_IP, 9000), REJECT, flags=SYN),
    change=lambda world: world.in_pages("NetworkInterfaces", 4).as_gz(),
)
seen(
    "rules that have ids of their own",
    "R-SG-IN",
    TO_DB,
    change=lambda world: world.with_rule_ids(),
    others=("Nearest: sgr-0",),
)
seen(
    "rules that have ids of their own, and a group without any is not known to be empty",
    "R-SG-OUT",
    record(w.DB, (w.DB_IP, 40_022), (w.HOST, 443), REJECT, flags=SYN),
    change=lambda world: world.with_rule_ids(),
)

# -- what is not in the logs ---------------------------------------------------------------------------------

absent("DNS of the VPC's resolver", "N-EXCLUDED", w.API_IP, "172.20.0.2", 53, UDP)
absent("DNS of the VPC's resolver over TCP", "N-EXCLUDED", w.API_IP, "172.20.0.2", 53, TCP)
absent("DNS of a subnet's third address", "N-EXCLUDED", w.API_IP, "172.20.16.2", 53, UDP)
absent("DNS of the resolver's link-local address", "N-EXCLUDED", w.API_IP, "169.254.169.253", 53, UDP)
absent("the Time Sync service", "N-EXCLUDED", w.API_IP, "169.254.169.123", 123, UDP)
absent("instance metadata", "N-EXCLUDED", w.WEB_IP, "169.254.169.254", 80)
absent("instance metadata over IPv6", "N-EXCLUDED", w.WEB_SIX, "fd00:ec2::254", 80)
absent("metadata of a container", "N-EXCLUDED", w.POD_A, "169.254.170.2", 80)
absent("Windows activation", "N-EXCLUDED", w.WEB_IP, "169.254.169.250", 1688)
absent("DHCP", "N-EXCLUDED", "0.0.0.0", "255.255.255.255", 67, UDP)
absent("the subnet's router", "N-EXCLUDED", w.WEB_IP, "172.20.4.1", None, ICMP)
absent("between a load balancer and an endpoint", "N-EXCLUDED", w.NLB_IP, w.ENDPOINT_IP, 443)
absent("a subnet's last address", "N-RESERVED", w.WEB_IP, "172.20.4.255", 443)
absent("a subnet's fourth address", "N-RESERVED", w.WEB_IP, "172.20.48.3", 443)
absent("a subnet's first address", "N-RESERVED", w.WEB_IP, "172.20.48.0", 443)
absent("a subnet's third address, but no DNS", "N-RESERVED", w.WEB_IP, "172.20.48.2", 443)
absent("the last address of a subnet that ends early", "N-RESERVED", w.WEB_IP, "172.20.48.63", 443)
absent(
    "a subnet's last IPv6 address", "N-RESERVED", w.WEB_SIX, "2600:1f18:4a2b:7c20:ffff:ffff:ffff:ffff", 443
)
absent("DNS of a resolver of one's own is logged", "N-UPSTREAM", w.API_IP, w.DB_IP, 53, UDP)
absent("a pod to another one of its node", "N-SAMEHOST", w.POD_A, w.POD_B, 8080)
absent("a pod on a prefix to its node", "N-SAMEHOST", w.POD_PREFIX_IP, w.NODE_IP, 8080)
absent("two interfaces of one instance", "N-SAMEHOST", w.FW_OUT_IP, w.FW_IN_IP, 22)
absent(
    "a pod to one of another node: secondary addresses are rewritten", "N-REWRITTEN", w.POD_A, w.POD_FAR, 8080
)
absent(
    "no flow log covers the interface",
    "N-NOFLOWLOG",
    w.CLIENT,
    w.WEB_IP,
    443,
    change=lambda world: world.logged_by(flow_log(resource=w.DATA)),
)
absent(
    "no flow log at all, and the answer was saved",
    "N-NOFLOWLOG",
    w.CLIENT,
    w.WEB_IP,
    443,
    change=lambda world: world.logged_by(),
)
absent(
    "a flow log of the subnet covers it",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    change=lambda world: world.logged_by(flow_log(resource=w.EDGE)),
)
absent(
    "a flow log of the interface itself covers it",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    change=lambda world: world.logged_by(flow_log(resource=w.WEB)),
)
absent(
    "flow logs were not saved, so none is said to be missing",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    change=lambda world: world.forget("FlowLogs"),
)
absent(
    "only the first flow logs were saved",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    change=lambda world: world.logged_by(flow_log(resource=w.DATA)).first_pages_of("FlowLogs"),
)
absent(
    "delivery fails",
    "N-DELIVERY",
    w.CLIENT,
    w.WEB_IP,
    443,
    change=lambda world: world.logged_by(
        flow_log(DeliverLogsStatus="FAILED", DeliverLogsErrorMessage="Access error")
    ),
    others=("Access error",),
)
absent(
    "one of two flow logs delivers",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    change=lambda world: world.logged_by(flow_log(DeliverLogsStatus="FAILED"), flow_log(w.PEER_LOG, w.EDGE)),
)
for kept in (REJECT, ACCEPT):
    absent(
        f"a flow log of {kept} only",
        "N-TRAFFICTYPE",
        w.CLIENT,
        w.WEB_IP,
        443,
        change=lambda world, kept=kept: world.logged_by(flow_log(traffic=kept)),
    )
absent(
    "a flow log of rejects and another one of all",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    change=lambda world: world.logged_by(flow_log(traffic=REJECT), flow_log(w.PEER_LOG, w.EDGE)),
)
absent(
    "a flow log of rejects and another one of what is accepted leave nothing out",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    change=lambda world: world.logged_by(flow_log(traffic=REJECT), flow_log(w.PEER_LOG, w.EDGE, ACCEPT)),
)
absent(
    "before the flow log was made",
    "N-BEFORE",
    w.CLIENT,
    w.WEB_IP,
    443,
    change=lambda world: world.logged_by(flow_log(CreationTime="2026-03-10T12:30:00.000Z")),
)
absent(
    "the older of two flow logs was there",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    change=lambda world: world.logged_by(
        flow_log(CreationTime="2026-03-10T12:30:00.000Z"), flow_log(w.PEER_LOG, w.EDGE)
    ),
)
DUE = NOON + timedelta(seconds=100 + 60 + 600)
absent("a second too early", "N-LAG", w.CLIENT, w.WEB_IP, 443, now=DUE - timedelta(seconds=1))
absent("just when it is due", "N-UPSTREAM", w.CLIENT, w.WEB_IP, 443, now=DUE)
absent(
    "windows of ten minutes take nine minutes more",
    "N-LAG",
    w.CLIENT,
    w.WEB_IP,
    443,
    now=DUE + timedelta(seconds=539),
    change=lambda world: world.logged_by(flow_log(MaxAggregationInterval=600)),
)
absent(
    "records were skipped in that window",
    "N-SKIPDATA",
    w.CLIENT,
    w.WEB_IP,
    443,
    TCP,
    OTHER_TRAFFIC,
    empty_window(w.WEB, "SKIPDATA", 30),
)
absent(
    "a window without traffic skipped nothing",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    TCP,
    OTHER_TRAFFIC,
    empty_window(w.WEB, "NODATA", 30),
)
absent(
    "records of another interface were skipped",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    TCP,
    OTHER_TRAFFIC,
    empty_window(w.DB, "SKIPDATA", 30),
)
absent(
    "records were skipped an hour later",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    TCP,
    OTHER_TRAFFIC,
    empty_window(w.WEB, "SKIPDATA", 3600),
)


def deliveries(*hours):
    """Files that were delivered so many hours after noon, each with a record of its time."""
    return {
        w.delivery_name(NOON + timedelta(hours=hour), place): [
            record(w.WEB, (w.OTHER_CLIENT, 50_611), (w.WEB_IP, 443), flags=SYN, after=int(3600 * hour) - 200)
        ]
        for place, hour in enumerate(hours)
    }


absent(
    "no delivery of that time is here",
    "N-GAP",
    w.CLIENT,
    w.WEB_IP,
    443,
    files=deliveries(-5, -4, 3, 4),
)
absent(
    "deliveries of that time are here",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    files=deliveries(-1, 0.1, 0.2, 1),
)
absent(
    "all deliveries are of days before and after",
    "N-GAP",
    w.CLIENT,
    w.WEB_IP,
    443,
    files=deliveries(-100, -99, 99, 100),
)
absent(
    "a delivery is named by the beginning of its five minutes",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    files=deliveries(-4 / 60),
)
absent("those five minutes are over by then", "N-GAP", w.CLIENT, w.WEB_IP, 443, files=deliveries(-5 / 60))
absent("a secondary address", "N-REWRITTEN", w.CLIENT, w.WEB_SECOND, 443)
absent(
    "a secondary address, and its primary one is in the logs",
    "N-REWRITTEN",
    w.CLIENT,
    w.WEB_SECOND,
    443,
    TCP,
    record(w.WEB, (w.CLIENT, 50_611), (w.WEB_IP, 443)),
    version=2,
    others=("1 records are there under it",),
)
absent("a public address", "N-REWRITTEN", w.CLIENT, w.WEB_PUBLIC, 443)
absent(
    "the public address of a NAT gateway",
    "N-REWRITTEN",
    w.NAT_PUBLIC,
    w.HOST,
    443,
)
absent(
    "a client behind a NAT gateway, of which only the gateway's records are here",
    "N-REWRITTEN",
    w.API_IP,
    w.HOST,
    443,
    TCP,
    record(w.NAT, (w.API_IP, 51_330), (w.NAT_IP, 443), after=20),
    record(w.NAT, (w.NAT_IP, 20_990), (w.HOST, 443), after=20),
    version=2,
)
absent(
    "the NAT gateway has records with that host, but none of this client",
    "N-UPSTREAM",
    w.API_IP,
    w.HOST,
    443,
    TCP,
    record(w.NAT, (w.NAT_IP, 20_990), (w.HOST, 443), after=20),
    version=2,
)
absent(
    "a client whose requests a load balancer hands on",
    "N-REWRITTEN",
    w.CLIENT,
    w.NODE_IP,
    31_000,
    TCP,
    record(w.ALB, (w.CLIENT, 51_330), (w.ALB_IP, 443), flags=SYN, after=20),
    record(w.ALB, (w.ALB_IP, 20_990), (w.NODE_IP, 31_000), flags=SYN, after=20),
)
absent(
    "a host that has records with both hands nothing on",
    "N-UPSTREAM",
    w.CLIENT,
    w.NODE_IP,
    31_000,
    TCP,
    record(w.WEB, (w.CLIENT, 51_330), (w.WEB_IP, 443), flags=SYN, after=20),
    record(w.WEB, (w.WEB_IP, 20_990), (w.NODE_IP, 31_000), flags=SYN, after=20),
)
absent(
    "the same two talk over IPv6",
    "N-REWRITTEN",
    w.WEB_IP,
    w.STREAM_IP,
    9000,
    TCP,
    record(w.WEB, (w.WEB_SIX, 50_611), (w.STREAM_SIX, 9000), flags=SYN, after=20),
)
absent("no route at the source", "N-NOROUTE", w.LOCK_IP, w.HOST, 443)
absent("a blackhole at the source", "N-BLACKHOLE", w.LOCK_IP, "10.66.1.9", 443)
absent("a longer prefix around that blackhole", "N-UPSTREAM", w.LOCK_IP, "10.66.7.9", 443)
absent(
    "a route by a list that nobody saved may be there",
    "N-UPSTREAM",
    w.LOCK_IP,
    w.HOST,
    443,
    change=lambda world: world.routes(w.RTB_LOCKED, route(w.SERVICE_LIST, "vpce-0a1b2c3d4e5f60718")),
)
absent("neither end is ours", "N-NOTOURS", w.CLIENT, "10.8.3.10", 443)
absent("covered and recorded, and nothing came", "N-UPSTREAM", w.CLIENT, w.WEB_IP, 443, TCP, OTHER_TRAFFIC)
absent(
    "it is there an hour later only",
    "N-UPSTREAM",
    w.CLIENT,
    w.WEB_IP,
    443,
    TCP,
    record(w.WEB, (w.CLIENT, 50_611), (w.WEB_IP, 443), flags=SYN, after=3600),
)
absent(
    "there is a file, and no record in it", "N-UPSTREAM", w.CLIENT, w.WEB_IP, 443, files={"records.log": ()}
)
absent("nothing is known of the network at all", "N-UPSTREAM", w.CLIENT, "10.8.3.10", 443, inventory=False)


# -- the cases are asked -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folders():
    """The folder of each case that was written."""
    return {}


@pytest.fixture(params=CASES, ids=[case.name for case in CASES])
def case(request):
    """A case."""
    return request.param


@pytest.fixture
def folder(case, folders, tmp_path_factory):
    """Where the files of a case lie: ``logs`` and ``inventory``."""
    return written(case, folders, tmp_path_factory)


def written(case, folders, tmp_path_factory):
    """Write the files of a case, once for all that is asked about them."""
    if case.name not in folders:
        folders[case.name] = made = tmp_path_factory.mktemp("case")
        (made / "logs").mkdir()
        for name, records in case.files.items():
            w.write_records(made / "logs" / name, records, case.version)
        if case.inventory:
            world = World()
            if case.change:
                case.change(world)
            world.write(made / "inventory")
    return folders[case.name]


def test_the_engine_says_so(case, folder):
    dataset = Library((str(folder / "logs"),)).read_all(any_file=True)
    inventory = read_inventory([folder / "inventory"] if case.inventory else [])
    assert not inventory.refused
    verdicts = list(Diagnosis(dataset, inventory, case.now).of(case.question))
    if case.pick is None:
        assert not verdicts[0].record
        verdict = verdicts[0]
    else:
        (verdict,) = [one for one in verdicts if one.record["_line"] == case.pick + 2]
    assert (verdict.code, verdict.noise) == (case.code, case.noise)
    assert codes.meaning(verdict.code)
    assert case.confidence in {None, verdict.confidence}
    said = "\n".join([*(one.told for one in verdict.evidence), *verdict.ruled_out])
    assert said
    assert all(text in said for text in case.others), said


@pytest.mark.parametrize(
    "one", [case for case in CASES if case.code.startswith("R-")], ids=lambda case: case.name
)
def test_among_all_rejects_it_is_counted_under_the_same_code(one, folders, tmp_path_factory):
    folder = written(one, folders, tmp_path_factory)
    inventory = read_inventory([folder / "inventory"] if one.inventory else [])
    rejects = Diagnosis(Library((str(folder / "logs"),)).read_all(), inventory, one.now).rejects(Scope())
    assert rejects.filter(_line=one.pick + 2)["code"].to_list() == [one.code]


def test_the_command_says_so(case, folder):
    asked = case.question
    options = {
        "--src": asked.source,
        "--dst": asked.target,
        "--dport": asked.dport,
        "--protocol": asked.protocol,
        "--interface": asked.interface,
        "--since": asked.since and asked.since.isoformat(),
        "--until": asked.until and asked.until.isoformat(),
        "--inventory": folder / "inventory" if case.inventory else None,
        "--now": case.now.isoformat(),
    }
    words = [str(word) for option in options.items() if option[1] is not None for word in option]
    # Keeping records takes longer than all else here, so every fourth case is enough for that.
    store = ["--no-store"] if CASES.index(case) % 4 else []
    done = CliRunner().invoke(
        cli, ["diagnose", str(folder / "logs"), *words, "--format", "json", *store], catch_exceptions=False
    )
    assert (done.exit_code, done.stderr) == (0, "")
    verdicts = json.loads(done.stdout)["verdicts"]
    if case.pick is None:
        assert verdicts[0]["record"] is None
        verdict = verdicts[0]
    else:
        (verdict,) = [one for one in verdicts if one["record"]["line"] == case.pick + 2]
    assert (verdict["code"], verdict["noise"]) == (case.code, case.noise)


def test_records_that_only_routes_tell_apart(tmp_path):
    """Alike in all that groups and ACLs are about, so that rules are gone through once for each route."""
    targets = {"10.66.1.9": "A-BLACKHOLE", "10.66.7.9": "A-NOREPLY-REMOTE", "10.99.1.9": "A-NOROUTE"}
    sent = [record(w.LOCK, (w.LOCK_IP, 40_911), (target, 443), flags=SYN) for target in targets]
    w.write_records(tmp_path / "logs" / "records.log", sent)
    dataset = Library((str(tmp_path / "logs"),)).read_all()
    inventory = read_inventory([World().write(tmp_path / "inventory")])
    found = {one.record["target"]: one.code for one in Diagnosis(dataset, inventory).of(Question(w.LOCK_IP))}
    assert found == targets


@pytest.mark.parametrize(
    ("source", "target", "codes_"),
    [(w.LOCK_IP, w.HOST, ["N-NOROUTE", "N-GAP"]), (w.CLIENT, w.WEB_IP, ["N-GAP"])],
)
def test_without_one_file_of_records_the_inventory_is_asked_first(source, target, codes_, tmp_path):
    inventory = World().write(tmp_path / "logs" / "inventory")
    dataset = Library((str(tmp_path / "logs"),)).read_all(any_file=True)
    question = Question(source, target, None, 443, TCP, since=NOON, until=NOON + timedelta(seconds=100))
    found = Diagnosis(dataset, read_inventory([inventory]), NOW).of(question)
    assert [one.code for one in found] == codes_


def test_every_code_has_a_case():
    """And every code with a direction has one of each."""
    found = {case.code for case in CASES}
    wanted = set(codes.MEANINGS) - codes.DIRECTED - {"A-REMOTE"}
    wanted |= {f"{stem}-{side}" for stem in codes.DIRECTED for side in ("IN", "OUT")}
    assert wanted <= found
    assert any(code.startswith("A-REMOTE-") for code in found)


def test_cases_have_names_of_their_own():
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
