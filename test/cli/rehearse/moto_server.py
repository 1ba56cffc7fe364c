"""moto, an emulator of AWS, with what a rehearsal of a reranker needs besides: see CONTRIBUTING.md, "The rehearsal against an emulator".

    python3 -m venv moto && moto/bin/pip install 'moto[server,cloudformation]' awscli
    moto/bin/python test/cli/rehearse/moto_server.py 5913

Added: alarms of CloudFormation that tell their topic, as far as its policy lets CloudWatch; every instance type; the endpoint's own
name; UpdateEndpoint; the answers
of `reranker local` where RERANKER_URL names one.
"""

import json
import os
import sys
import urllib.error
import urllib.request

from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.sagemaker.models import FakeEndpoint, FakeEndpointConfig
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


def admits_cloudwatch(topic):
    """A policy of one's own takes the place of the default one, which admits everything of the account."""
    statements = json.loads(topic.policy)["Statement"]
    allowed = [s for s in statements if s["Effect"] == "Allow"]
    default = any(s.get("Sid") == "__default_statement_ID" for s in allowed)
    return default or any("cloudwatch.amazonaws.com" in json.dumps(s["Principal"]) for s in allowed)


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
    endpoint.endpoint_config_name = backend.endpoint_configs[given["EndpointConfigName"]].endpoint_config_name
    return json.dumps({"EndpointArn": endpoint.arn})


def invoke_endpoint(self):
    url = f"{os.environ['RERANKER_URL']}/invocations"
    body = self.body if isinstance(self.body, bytes) else self.body.encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, {"Content-Type": "application/json"}, answer.read()
    except urllib.error.HTTPError as error:
        body = json.dumps({"Message": error.read().decode(), "OriginalStatusCode": error.code})
        return 424, {"Content-Type": "application/json", "x-amzn-errortype": "ModelError"}, body


CloudWatchBackend.set_alarm_state = set_alarm_state
FakeEndpoint.cloudformation_name_type = staticmethod(lambda: "EndpointName")
FakeEndpointConfig.validate_instance_type = lambda self, instance_type: None
SageMakerResponse.update_endpoint = update_endpoint
if "RERANKER_URL" in os.environ:
    SageMakerRuntimeResponse.invoke_endpoint = invoke_endpoint

if __name__ == "__main__":
    main(["-p", sys.argv[1]])
