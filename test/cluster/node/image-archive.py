"""image-archive.py FOLDER NAME ARCHIVE [ENTRYPOINT]: packs a folder as an image of this name, in the format of `docker save`.

No engine is asked, so nothing of this machine's engine gets a name of the cluster's own images.
"""

import hashlib
import io
import json
import platform
import sys
import tarfile


def main(folder, name, archive, entrypoint=None):
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.add(folder, arcname=".", filter=owned_by_root)
    layer_bytes = layer.getvalue()
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    config = {
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()],
        "os": "linux",
        "config": {"Env": [path], "Entrypoint": [entrypoint] if entrypoint else ["/bin/sh"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer_bytes).hexdigest()]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    files = {"config.json": json.dumps(config).encode(), "layer.tar": layer_bytes, "manifest.json": json.dumps(manifest).encode()}
    with tarfile.open(archive, "w") as tar:
        for file, content in files.items():
            entry = tarfile.TarInfo(file)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


def owned_by_root(entry):
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = "root"
    return entry


main(*sys.argv[1:])
