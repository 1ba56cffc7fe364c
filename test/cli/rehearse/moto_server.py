"""moto, an emulator of AWS, with what a rehearsal of a reranker needs besides: see CONTRIBUTING.md, "The rehearsal against an emulator".

    python3 -m venv moto && moto/bin/pip install 'moto[server,cloudformation]' awscli
    moto/bin/python test/cli/rehearse/moto_server.py 5913

Added: alarms of CloudFormation that tell their topic, as far as its policy lets CloudWatch; change sets by the name of their stack, with
outputs; replacement of models and endpoint configs, with the events of single resources; termination protection; scalable targets of
CloudFormation, which keep a fleet within their bounds; every instance type; configs without a model, as inference components have; VPCs that go with their stack; the endpoint's own name; UpdateEndpoint; ARNs of tagged
endpoint configs; the answers of `reranker local` where RERANKER_URL names one.
"""

import json
import os
import sys
import urllib.error
import urllib.request

from moto.applicationautoscaling.models import (
    ApplicationAutoscalingBackend,
    FakeScalableTarget,
    applicationautoscaling_backends,
)
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import CloudFormationError
from moto.cloudformation.models import ChangeSet, Event, cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.core.responses import ActionResult, EmptyResult
from moto.core.common_models import CloudFormationModel
from moto.ec2.models.vpcs import VPCBackend
from moto.s3.models import s3_backends
from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.models import (
    FakeEndpoint,
    FakeEndpointConfig,
    SageMakerModelBackend,
    sagemaker_backends,
)
from moto.sagemaker.responses import SageMakerResponse
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse
from moto.server import main
from moto.sns.models import sns_backends


class StackAlarm(CloudFormationModel):
    """AWS::CloudWatch::Alarm of a stack; metrics are not watched, so it fires by set-alarm-state alone."""

    # moto reads the service off it.
    __module__ = Alarm.__module__

    def __init__(self, name, arn):
        self.name, self.arn = name, arn

    @property
    def physical_resource_id(self):
        return self.name

    @classmethod
    def has_cfn_attr(cls, attr):
        return attr == "Arn"

    def get_cfn_attribute(self, attribute_name):
        return self.arn

    @staticmethod
    def cloudformation_name_type():
        return "AlarmName"

    @staticmethod
    def cloudformation_type():
        return "AWS::CloudWatch::Alarm"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        given = cloudformation_json["Properties"]
        alarm = cloudwatch_backends[account_id][region_name].put_metric_alarm(
            name=resource_name,
            namespace=given.get("Namespace"),
            metric_name=given.get("MetricName", "Metrics"),
            comparison_operator=given["ComparisonOperator"],
            evaluation_periods=given["EvaluationPeriods"],
            period=given.get("Period"),
            threshold=given.get("Threshold"),
            statistic=given.get("Statistic"),
            description=given.get("AlarmDescription"),
            dimensions=[],
            alarm_actions=given.get("AlarmActions", []),
        )
        return cls(resource_name, alarm.alarm_arn)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
    ):
        return cls.create_from_cloudformation_json(
            original_resource.name, cloudformation_json, account_id, region_name
        )

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        cloudwatch_backends[account_id][region_name].delete_alarms([resource_name])


class StackTarget(CloudFormationModel):
    """AWS::ApplicationAutoScaling::ScalableTarget of a stack."""

    # moto reads the service off it.
    __module__ = FakeScalableTarget.__module__

    def __init__(self, given):
        self.given = given
        self.arn = self.physical_resource_id

    @property
    def physical_resource_id(self):
        return "|".join(self.given[name] for name in ("ResourceId", "ScalableDimension", "ServiceNamespace"))

    @staticmethod
    def cloudformation_name_type():
        return None

    @staticmethod
    def cloudformation_type():
        return "AWS::ApplicationAutoScaling::ScalableTarget"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        given = cloudformation_json["Properties"]
        applicationautoscaling_backends[account_id][region_name].register_scalable_target(
            given["ServiceNamespace"],
            given["ResourceId"],
            given["ScalableDimension"],
            int(given["MinCapacity"]),
            int(given["MaxCapacity"]),
            given.get("RoleARN"),
            None,
        )
        return cls(given)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
    ):
        return cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        resource_id, dimension, namespace = resource_name.split("|")
        backend = applicationautoscaling_backends[account_id][region_name]
        backend.deregister_scalable_target(namespace, resource_id, dimension)


register = ApplicationAutoscalingBackend.register_scalable_target


def register_and_scale(self, *args, **named):
    target = register(self, *args, **named)
    kind, name, *_, variant_name = target.resource_id.split("/")
    endpoint = sagemaker_backends[self.account_id][self.region_name].endpoints.get(name)
    for variant in endpoint.production_variants if kind == "endpoint" and endpoint else []:
        if variant["VariantName"] == variant_name:
            count = min(max(variant["CurrentInstanceCount"], target.min_capacity), target.max_capacity)
            variant.update(CurrentInstanceCount=count, DesiredInstanceCount=count)
    return target


def admits_cloudwatch(topic):
    """A policy of one's own takes the place of the default one, which admits everything of the account."""
    statements = json.loads(topic.policy)["Statement"]
    allowed = [s for s in statements if s["Effect"] == "Allow"]
    default = any(s.get("Sid") == "__default_statement_ID" for s in allowed)
    return default or any("cloudwatch.amazonaws.com" in json.dumps(s["Principal"]) for s in allowed)


# Models and endpoint configs, which CloudFormation replaces whenever they change.
REPLACED = ("AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig")


def record(resources, logical_id, resource_type, resource, status):
    """An event of a single resource, as DescribeStackEvents answers with."""
    stack = cloudformation_backends[resources._account_id][resources._region_name].stacks[resources.stack_id]
    name = getattr(resource, "physical_resource_id", None) or logical_id
    stack.events.append(Event(stack.stack_id, stack.name, logical_id, name, resource_type, status, None, None))


create_resource, update_resource = parsing.parse_and_create_resource, parsing.parse_and_update_resource
difference = parsing.ResourceMap.build_resource_diff
update_all = parsing.ResourceMap.update


def create_and_record(logical_id, resource_json, resources, account_id, region_name):
    resource = create_resource(logical_id, resource_json, resources, account_id, region_name)
    if resource is not None:
        record(resources, logical_id, resource_json["Type"], resource, "CREATE_COMPLETE")
    return resource


def update_and_record(logical_id, resource_json, resources, account_id, region_name):
    kind = resource_json["Type"]
    if kind not in REPLACED:
        return update_resource(logical_id, resource_json, resources, account_id, region_name)
    before = resources[logical_id]
    resource = create_resource(logical_id, resource_json, resources, account_id, region_name)
    record(resources, logical_id, kind, resource, "UPDATE_COMPLETE")
    retained = resource_json.get("UpdateReplacePolicy") == "Retain"
    if not retained:
        type(before).delete_from_cloudformation_json(before.arn, resource_json, account_id, region_name)
    resources.let_go.append((logical_id, kind, before, "DELETE_SKIPPED" if retained else "DELETE_COMPLETE"))
    return resource


def difference_with_dependents(self, other_template, parameters=None):
    """What names something that is replaced changes as well."""
    found = difference(self, other_template, parameters)
    resources = other_template["Resources"]
    changed = set(found["Modify"])
    for _ in REPLACED:
        replaced = [name for name in changed if resources[name]["Type"] in REPLACED]
        for name, resource in resources.items():
            kind, text = resource["Type"], json.dumps(resource)
            if kind.startswith("AWS::SageMaker::") and any(f'["{each}", ' in text for each in replaced):
                changed.add(name)
    added = set(found["Add"])
    found["Modify"] = [name for name in resources if name in changed - added]
    return found


def update_and_let_go(self, template, parameters=None):
    self.let_go = []
    update_all(self, template, parameters)
    for each in self.let_go:
        record(self, *each)


parse_ssm = parsing.ResourceMap.parse_ssm_parameter


def parse_resolved(self, value, value_type):
    """A parameter that keeps its previous value comes resolved."""
    try:
        return parse_ssm(self, value, value_type)
    except AttributeError:
        return value


def apply_with_outputs(self):
    self.stack.resource_map.update(self.template_dict, self.parameters)
    self.stack.template_dict = self.template_dict
    self.stack.output_map = self.stack._create_output_map()


class ChangeSetNotFound(CloudFormationError):
    code = "ChangeSetNotFound"


def by_stack(operation):
    """moto finds a change set by its name alone, and every stack of the CDK has one of the same name."""
    method = getattr(CloudFormationResponse, operation)

    def called(self):
        backend, name, stack = self.cloudformation_backend, *map(self._get_param, ("ChangeSetName", "StackName"))
        for arn, each in backend.change_sets.items():
            # Those of a stack that was deleted went with it.
            there = each.stack_id in backend.stacks
            if there and name in (arn, each.change_set_name) and stack in (None, each.stack_name, each.stack_id):
                self.params = {**self.params, "ChangeSetName": arn}
                return method(self)
        if operation == "delete_change_set":
            return EmptyResult()
        raise ChangeSetNotFound(f"ChangeSet [{name}] does not exist")

    return called


set_state = CloudWatchBackend.set_alarm_state


def set_alarm_state(self, alarm_name, reason, reason_data, state_value):
    set_state(self, alarm_name, reason, reason_data, state_value)
    alarm: Alarm = self.alarms[alarm_name]
    for arn in alarm.alarm_actions if state_value == "ALARM" else []:
        backend = sns_backends[self.account_id][self.region_name]
        if admits_cloudwatch(backend.get_topic(arn)):
            backend.publish(json.dumps({"AlarmName": alarm_name, "NewStateValue": state_value}), arn=arn)


def update_endpoint(self):
    given = json.loads(self.body)
    backend = self.sagemaker_backend
    endpoint = backend.endpoints[given["EndpointName"]]
    config = backend.endpoint_configs.get(given["EndpointConfigName"])
    if config is None:
        raise AWSValidationException(f"Could not find endpoint configuration {given['EndpointConfigName']}")
    endpoint.endpoint_config_name = config.endpoint_config_name
    return json.dumps({"EndpointArn": endpoint.arn})


def ask(body):
    url = f"{os.environ['RERANKER_URL']}/invocations"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return answer.status, {"Content-Type": "application/json"}, answer.read()


def invoke_endpoint_async(self):
    location = self.headers["X-Amzn-SageMaker-InputLocation"]
    bucket, key = location.removeprefix("s3://").split("/", 1)
    store = s3_backends[self.current_account][self.partition]
    *_, answer = ask(store.get_object(bucket, key).value)
    name = key.replace("input/", "output/", 1)
    store.put_object(bucket, name, value=answer)
    return 202, {"X-Amzn-SageMaker-OutputLocation": f"s3://{bucket}/{name}"}, json.dumps({"InferenceId": name})


def invoke_endpoint(self):
    try:
        return ask(self.body if isinstance(self.body, bytes) else self.body.encode())
    except urllib.error.HTTPError as error:
        body = json.dumps({"Message": error.read().decode(), "OriginalStatusCode": error.code})
        headers = {"Content-Type": "application/json", "x-amzn-errortype": "ModelError", "status": 424}
        return 424, headers, body


validate_variants = SageMakerModelBackend.validate_production_variants


def validate_models(self, production_variants):
    """An endpoint of inference components has no model in its config."""
    validate_variants(self, [each for each in production_variants if "ModelName" in each])


delete_vpc = VPCBackend.delete_vpc


def delete_vpc_and_rest(self, vpc_id):
    """moto deletes no route tables and flow logs of a stack."""
    for table in self.describe_route_tables(filters={"vpc-id": vpc_id}):
        if table.main_association_id is None:
            self.route_tables.pop(table.id)
    for log_id in [each.id for each in self.flow_logs.values() if each.resource_id == vpc_id]:
        self.delete_flow_logs([log_id])
    return delete_vpc(self, vpc_id)


def update_termination_protection(self):
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = self._get_bool_param("EnableTerminationProtection")
    return ActionResult({"StackId": stack.stack_id})


ApplicationAutoscalingBackend.register_scalable_target = register_and_scale
CloudFormationResponse.update_termination_protection = update_termination_protection
parsing.parse_and_create_resource = create_and_record
parsing.parse_and_update_resource = update_and_record
parsing.ResourceMap.build_resource_diff = difference_with_dependents
parsing.ResourceMap.update = update_and_let_go
parsing.ResourceMap.parse_ssm_parameter = parse_resolved
ChangeSet.apply = apply_with_outputs
for name in ("describe_change_set", "delete_change_set", "execute_change_set"):
    setattr(CloudFormationResponse, name, by_stack(name))
CloudWatchBackend.set_alarm_state = set_alarm_state
# moto makes a tuple of it, which the tagging API then prints.
FakeEndpointConfig.arn = property(lambda self: self.endpoint_config_arn, lambda self, arn: None)
FakeEndpoint.cloudformation_name_type = staticmethod(lambda: "EndpointName")
FakeEndpointConfig.validate_instance_type = lambda self, instance_type: None
SageMakerModelBackend.validate_production_variants = validate_models
VPCBackend.delete_vpc = delete_vpc_and_rest
SageMakerResponse.update_endpoint = update_endpoint
if "RERANKER_URL" in os.environ:
    SageMakerRuntimeResponse.invoke_endpoint = invoke_endpoint
    SageMakerRuntimeResponse.invoke_endpoint_async = invoke_endpoint_async

if __name__ == "__main__":
    main(["-p", sys.argv[1]])
