"""python ray_nodes.py FOLDER: a Ray cluster on 127.0.0.1 alone, of a head without cores.

Says its address, and for each number that it reads starts a node of two cores and so many GPUs, which need not be
there, and says which process that is; all end with its standard input. A process of its own, since Ray reads what keeps
it on this machine's own address when it is first imported.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # nodes call themselves 127.0.0.1, and listen nowhere else
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

from ray.cluster_utils import Cluster

ALIKE = {"node_ip_address": "127.0.0.1", "object_store_memory": 80_000_000}


def process(node):
    """The number of the process that a node is: all others of it are its children."""
    return node.all_processes["raylet"][0].process.pid


def main(folder):
    # where Ray notes the newest cluster, wherever its own files are: a head that is started by hand makes it
    (Path(tempfile.gettempdir()) / "ray").mkdir(exist_ok=True)
    head = {"num_cpus": 0, "include_dashboard": False, "temp_dir": folder, **ALIKE}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    print(cluster.address, flush=True)
    for gpus in sys.stdin:
        print(process(cluster.add_node(num_cpus=2, num_gpus=int(gpus), **ALIKE)), flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
