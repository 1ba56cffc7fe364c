"""Writes aws-cli.json: options and answers of the AWS CLI's commands that the docs and the rehearsal use, from botocore's models.

python3 test/infra/support/aws-cli.py > test/infra/support/aws-cli.json   (pip install botocore)
The commands are those that the file has; add a key with an empty object for another.
"""

import json
import pathlib

import botocore.session
from botocore import xform_name

# Options that the CLI calls otherwise than the API.
RENAMED = {("sns", "subscribe"): {"Endpoint": "NotificationEndpoint"}}
FILE = pathlib.Path(__file__).with_suffix(".json")
session = botocore.session.Session()


def members(shape, depth):
    """Names of an answer's members, nested; lists are of what they hold."""
    if shape.type_name == "list":
        return [members(shape.member, depth)]
    if shape.type_name == "structure" and depth > 0:
        return {name: members(member, depth - 1) for name, member in shape.members.items()}
    return getattr(shape, "enum", None) or shape.type_name


def command(service, operation, queried):
    api = "s3" if service == "s3api" else service
    model = session.get_service_model(api)
    if operation.startswith("wait "):
        waiters = session.get_waiter_model(api)
        name = next(w for w in waiters.waiter_names if xform_name(w, "-") == operation[5:])
        operation = xform_name(waiters.get_waiter(name).operation, "-")
    shape = next(model.operation_model(n) for n in model.operation_names if xform_name(n, "-") == operation)
    given = shape.input_shape.members if shape.input_shape else {}
    renamed = RENAMED.get((service, operation), {})
    options = {}
    for name, member in given.items():
        listed = member.member if member.type_name == "list" else member
        options[xform_name(renamed.get(name, name), "-")] = getattr(listed, "enum", None) or member.type_name
    required = [xform_name(renamed.get(n, n), "-") for n in (shape.input_shape.required_members if given else [])]
    entry = {"options": options, "required": required}
    if queried:
        entry["answer"] = members(shape.output_shape, 2)
    return entry


known = json.loads(FILE.read_text())
shapes = {name: command(*name.split(" ", 1), "answer" in entry) for name, entry in sorted(known.items())}
# Long lists of values that nothing here gives are left out.
for entry in shapes.values():
    for name, values in entry["options"].items():
        if isinstance(values, list) and len(values) > 20:
            entry["options"][name] = "string"
print("{\n" + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in shapes.items()) + "\n}")
