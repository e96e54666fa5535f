"""A cluster on one machine: the servers that Tidework runs on, each a part that can be broken."""

from tidework.cluster.cluster import Cluster, PartStatus
from tidework.cluster.copy import Copy
from tidework.cluster.edge import Edge, Target
from tidework.cluster.etcd import Etcd
from tidework.cluster.nginx import Nginx
from tidework.cluster.part import Part
from tidework.cluster.patroni import Patroni, primary_of
from tidework.cluster.pgbouncer import PgBouncer
from tidework.cluster.postgres import Postgres
from tidework.cluster.process import ClusterError
from tidework.cluster.rabbitmq import RabbitMQ
from tidework.cluster.redis import Redis
from tidework.cluster.sentinel import Sentinel
from tidework.cluster.state import Options

__all__ = [
    "Cluster",
    "ClusterError",
    "Copy",
    "Edge",
    "Etcd",
    "Nginx",
    "Options",
    "Part",
    "PartStatus",
    "Patroni",
    "PgBouncer",
    "Postgres",
    "RabbitMQ",
    "Redis",
    "Sentinel",
    "Target",
    "primary_of",
]
