"""Writes the states of a plan (plan.ts) with python-tuf's Metadata API."""

import base64
import hashlib
import json
from datetime import datetime, timezone

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Role,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

signers = {}


def date(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def take_keys(keys):
    for name, key in keys.items():
        private = load_pem_private_key(key["pem"].encode(), None)
        public = SSlibKey.from_crypto(private.public_key(), key.get("keyid"), key["scheme"])
        public.keytype = key["keytype"]
        signers[name] = CryptoSigner(private, public)


def public(name):
    return signers[name].public_key


def keyids(plan):
    return [public(name).keyid for name in plan["keys"]]


def keys_of(plans):
    return {public(name).keyid: public(name) for plan in plans for name in plan["keys"]}


def other(hexdigest):
    return hexdigest[:-1] + ("1" if hexdigest.endswith("0") else "0")


def lied(info, lie):
    """Length and hashes, as the plan wants them."""
    if info.length is not None:
        info.length += {"longer": 1, "shorter": -1}.get(lie, 0)
    if lie == "another hash" and info.hashes:
        info.hashes = {name: other(value) for name, value in info.hashes.items()}
    return info


def meta_file(plan, data):
    hashes = {name: hashlib.new(name, data).hexdigest() for name in plan["hashes"]}
    length = len(data) if plan["length"] else None
    made = MetaFile(plan["version"], length, hashes or None, plan.get("unknown"))
    return lied(made, plan.get("lie"))


def target_file(path, plan):
    made = TargetFile.from_data(path, plan["text"].encode(), plan["hashes"])
    made.unrecognized_fields = dict(plan.get("unknown", {}))
    if "custom" in plan:
        made.unrecognized_fields["custom"] = plan["custom"]
    return lied(made, plan.get("lie"))


def root(plan):
    roles = {
        name: Role(keyids(role), role["threshold"]) for name, role in plan["roles"].items()
    }
    keys = keys_of(plan["roles"].values())
    return Root(keys=keys, roles=roles, consistent_snapshot=plan["consistent"], **common(plan))


def delegated_role(plan):
    return DelegatedRole(
        plan["name"],
        keyids(plan),
        plan["threshold"],
        plan["terminating"],
        plan.get("paths"),
        plan.get("pathHashPrefixes"),
    )


def delegations(plan):
    if plan is None:
        return None
    if "succinct" in plan:
        bins = plan["succinct"]
        roles = SuccinctRoles(keyids(bins), bins["threshold"], bins["bitLength"], bins["namePrefix"])
        return Delegations(keys_of([bins]), succinct_roles=roles)
    roles = {role["name"]: delegated_role(role) for role in plan["roles"]}
    return Delegations(keys_of(plan["roles"]), roles)


def targets(plan):
    files = {path: target_file(path, target) for path, target in plan["targets"].items()}
    return Targets(targets=files, delegations=delegations(plan.get("delegations")), **common(plan))


def common(plan):
    return {
        "version": plan["version"],
        "expires": date(plan["expires"]),
        "unrecognized_fields": dict(plan.get("unknown", {})),
    }


class Writer:
    """Writes states of one repository; what is the same in two of them is the same file."""

    def __init__(self):
        self.written = {}

    def write(self, state):
        roots = [self.file(plan, root(plan)) for plan in state["roots"]]
        delegated = {name: self.file(plan, targets(plan)) for name, plan in state["delegated"].items()}
        top = self.file(state["targets"], targets(state["targets"]))
        files = {**delegated, "targets": top}
        meta = {
            f"{name}.json": meta_file(plan, files.get(name, b""))
            for name, plan in state["snapshot"]["meta"].items()
        }
        snapshot = self.file(state["snapshot"], Snapshot(meta=meta, **common(state["snapshot"])))
        named = meta_file(state["timestamp"]["snapshot"], snapshot)
        timestamp = Timestamp(snapshot_meta=named, **common(state["timestamp"]))
        return {
            "roots": [base64.b64encode(data).decode() for data in roots],
            "timestamp": base64.b64encode(self.file(state["timestamp"], timestamp)).decode(),
            "snapshot": base64.b64encode(snapshot).decode(),
            "targets": base64.b64encode(top).decode(),
            "delegated": {name: base64.b64encode(data).decode() for name, data in delegated.items()},
        }

    def file(self, plan, signed):
        same = json.dumps([signed.to_dict(), plan.get("replaced"), plan["signedBy"], plan.get("spoiled")])
        if same not in self.written:
            self.written[same] = self.sign(plan, signed)
        return self.written[same]

    @staticmethod
    def sign(plan, signed):
        if "replaced" in plan:
            return sign_replaced(plan, signed)
        metadata = Metadata(signed)
        for name in plan["signedBy"]:
            metadata.sign(signers[name], append=True)
        for name in plan.get("spoiled", []):
            signature = metadata.signatures[public(name).keyid]
            signature.signature = other(signature.signature)
        return metadata.to_bytes(JSONSerializer())


def sign_replaced(plan, signed):
    """The API writes no invalid metadata: this is signed below it."""
    content = {**signed.to_dict(), **plan["replaced"]}
    payload = encode_canonical(content).encode()
    signatures = [signers[name].sign(payload).to_dict() for name in plan["signedBy"]]
    return json.dumps({"signatures": signatures, "signed": content}).encode()


def write(states):
    writer = Writer()
    return [writer.write(state) for state in states]
