import { Aspects, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic, type ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/** A topic that takes TLS only, and alarms of this account. */
export function alarmTopic(scope: Construct, id: string): Topic {
  const topic = new Topic(scope, id, { enforceSSL: true });
  admitAlarms(topic);
  return topic;
}

/**
 * Lets CloudWatch publish to a topic whose policy would keep it out. A topic without a policy has SNS's default one, which
 * admits every service of the account; any policy of one's own, `enforceSSL` too, takes its place. A topic that is not of
 * this app keeps its policy: it is its owner's.
 */
export function admitAlarms(topic: ITopic): void {
  if (!(topic instanceof Topic) || admitted.has(topic)) return;
  admitted.add(topic);
  const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com');
  const { account } = Stack.of(topic);
  // A key's policy too names who may use it: without this, alarms on an encrypted topic are dropped in silence.
  topic.masterKey?.grant(cloudWatch, 'kms:Decrypt', 'kms:GenerateDataKey*');
  let done = false;
  Aspects.of(topic).add({
    // When all of the app is there, since the policy may be written after the alarms.
    visit: () => {
      if (done || !topic.node.tryFindChild('Policy')) return;
      done = true;
      topic.addToResourcePolicy(
        new PolicyStatement({
          sid: 'AdmitAlarms',
          effect: Effect.ALLOW,
          principals: [cloudWatch],
          actions: ['sns:Publish'],
          resources: [topic.topicArn],
          conditions: { StringEquals: { 'aws:SourceAccount': account } },
        }),
      );
    },
  });
}

const admitted = new WeakSet<Topic>();
