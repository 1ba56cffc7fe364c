import {
  allRoles,
  allows,
  at,
  changeFirst,
  endpointRole,
  executionRoles,
  flat,
  list,
  ofType,
  production,
  statementsOf,
  type Deployment,
  type Json,
  type Rule,
  type Statement,
} from './deployment.js';

const guide = 'https://docs.aws.amazon.com/sagemaker/latest/dg';
const roles = `${guide}/sagemaker-roles.html`;

const grantsOf = (deployment: Deployment): [string, Statement[]][] =>
  executionRoles(deployment).map(([id]) => [id, statementsOf(deployment, id)]);

/** Takes an action away from the first execution role that has it. */
function withdraw(deployment: Deployment, action: string): boolean {
  return grantsOf(deployment).some(([, statements]) =>
    statements.some((statement) => {
      if (!list(statement.Action).includes(action)) return false;
      Object.assign(statement, { Action: list(statement.Action).filter((each) => each !== action) });
      return true;
    }),
  );
}

const placed = (deployment: Deployment): unknown[] =>
  [
    ...ofType(deployment, 'AWS::SageMaker::Model'),
    ...ofType(deployment, 'AWS::SageMaker::EndpointConfig'),
  ].flatMap(([, { Properties }]) => (Properties.VpcConfig ? [Properties.VpcConfig] : []));

/** Keys of the buckets that a statement's objects lie in. */
function keysOfObjects(deployment: Deployment, statement: Statement): string[] {
  const { imported } = deployment;
  return list(statement.Resource).flatMap((arn) => [
    ...(imported && flat(arn).includes(`:s3:::${imported.bucket}/`) ? [imported.key] : []),
    ...ofType(deployment, 'AWS::S3::Bucket').flatMap(([id, { Properties }]) => {
      const key = at(
        Properties.BucketEncryption,
        'ServerSideEncryptionConfiguration',
        0,
        'ServerSideEncryptionByDefault',
        'KMSMasterKeyID',
      );
      return key !== undefined && flat(arn).startsWith(`${id}Arn`) ? [flat(key)] : [];
    }),
  ]);
}

/** Statements of every role that read or write objects under a customer key, with all that the role may do besides. */
function usesOfKeys(deployment: Deployment) {
  return allRoles(deployment).flatMap((role) => {
    const statements = statementsOf(deployment, role);
    return statements.flatMap((statement) => {
      const does = (action: RegExp) => list(statement.Action).some((each) => action.test(String(each)));
      const needs = [
        ...(does(/^s3:GetObject\*?$/) ? ['kms:Decrypt'] : []),
        ...(does(/^s3:PutObject\*?$/) ? ['kms:GenerateDataKey'] : []),
      ];
      return keysOfObjects(deployment, statement).map((key) => ({ role, statements, key, needs }));
    });
  });
}

export const ACCESS_RULES: readonly Rule[] = [
  {
    id: 'role-is-taken-by-sagemaker-for-this-account',
    page: `${guide}/security-confused-deputy-prevention.html`,
    breaks: 'SageMaker may be talked into taking the role for another account',
    check: (deployment) =>
      executionRoles(deployment).flatMap(([id, role]) =>
        JSON.stringify(at(role, 'Properties', 'AssumeRolePolicyDocument')).includes('aws:SourceAccount')
          ? []
          : [`${id} trusts every account's SageMaker`],
      ),
    violate: (deployment) =>
      executionRoles(deployment).some(([, { Properties }]) => {
        Properties.AssumeRolePolicyDocument = {
          Statement: [{ Principal: { Service: 'sagemaker.amazonaws.com' } }],
        };
        return true;
      }),
  },
  {
    id: 'statement-ids',
    page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html',
    breaks: 'a policy whose statement ids are not letters and digits, or not each of its own, is refused',
    check: (deployment) =>
      grantsOf(deployment).flatMap(([id, statements]) => {
        const sids = statements.flatMap(({ Sid }) => (Sid === undefined ? [] : [Sid]));
        return sids
          .filter((sid, i) => !/^[A-Za-z0-9]+$/.test(sid) || sids.indexOf(sid) !== i)
          .map((sid) => `${id}: ${sid}`);
      }),
    violate: (deployment) =>
      grantsOf(deployment).some(
        ([, [first]]) => first !== undefined && Boolean(Object.assign(first, { Sid: 'a-b' })),
      ),
  },
  {
    id: 'role-names-its-actions',
    page: roles,
    breaks: 'the containers may do what nobody granted',
    check: (deployment) =>
      grantsOf(deployment).flatMap(([id, statements]) =>
        statements
          .flatMap(({ Action }) => list(Action).map(String))
          .filter((action) => action.includes('*'))
          .map((action) => `${id}: ${action}`),
      ),
    violate: (deployment) =>
      grantsOf(deployment).some(
        ([, [first]]) => Object.assign(first ?? {}, { Action: 's3:*' }) && first !== undefined,
      ),
  },
  {
    id: 'role-pulls-its-image',
    page: `${guide}/sagemaker-roles.html`,
    breaks: 'the instance cannot pull the image and the deployment ends after an hour',
    check: (deployment) =>
      grantsOf(deployment).flatMap(([id, statements]) =>
        [
          'ecr:BatchGetImage',
          'ecr:GetDownloadUrlForLayer',
          'ecr:BatchCheckLayerAvailability',
          'ecr:GetAuthorizationToken',
        ]
          .filter((action) => !allows(statements, action, ''))
          .map((action) => `${id} lacks ${action}`),
      ),
    violate: (deployment) => withdraw(deployment, 'ecr:BatchGetImage'),
  },
  {
    id: 'role-reads-its-model',
    page: roles,
    breaks: 'the model cannot be downloaded',
    check: (deployment) =>
      grantsOf(deployment).flatMap(([id, statements]) =>
        allows(statements, 's3:GetObject', '') ? [] : [`${id} reads nothing`],
      ),
    violate: (deployment) => {
      let any = false;
      while (withdraw(deployment, 's3:GetObject')) any = true;
      return any;
    },
  },
  {
    id: 'role-lists-a-prefix-of-models',
    page: `${guide}/large-model-inference-uncompressed.html`,
    breaks: 'SageMaker lists a prefix before it reads it, and is refused',
    check: (deployment) =>
      ofType(deployment, 'AWS::SageMaker::Model').flatMap(([id, { Properties }]) => {
        const container = Properties.PrimaryContainer as Json;
        const prefix = container.Mode === 'MultiModel' || container.ModelDataSource !== undefined;
        const role = at(Properties.ExecutionRoleArn, 'Fn::GetAtt', 0);
        if (!prefix || typeof role !== 'string') return [];
        return allows(statementsOf(deployment, role), 's3:ListBucket', '')
          ? []
          : [`${id}: its role cannot list`];
      }),
    violate: (deployment) =>
      ofType(deployment, 'AWS::SageMaker::Model').some(([, { Properties }]) => {
        const container = Properties.PrimaryContainer as Json;
        if (container.Mode !== 'MultiModel' && container.ModelDataSource === undefined) return false;
        return withdraw(deployment, 's3:ListBucket');
      }),
  },
  {
    id: 'role-uses-the-keys-of-its-buckets',
    page: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html',
    breaks: 'objects encrypted with a customer key are "access denied" though S3 allows them',
    check: (deployment) =>
      usesOfKeys(deployment).flatMap(({ role, statements, key, needs }) =>
        needs
          .filter(
            (action) =>
              ![action, `${action}*`].some((each) => allows(statements, each, key.replace(/Arn$/, ''))),
          )
          .map((action) => `${role} lacks ${action} on ${key}`),
      ),
    violate: (deployment) => {
      const uses = usesOfKeys(deployment);
      for (const statement of uses.flatMap(({ statements }) => statements))
        Object.assign(statement, { Action: list(statement.Action).filter((each) => each !== 'kms:Decrypt') });
      return uses.some(({ needs }) => needs.includes('kms:Decrypt'));
    },
  },
  {
    id: 'role-lends-the-volume-key',
    page: `${guide}/key-management.html`,
    breaks: 'EBS gets no grant on the key and no instance starts',
    check: (deployment) =>
      ofType(deployment, 'AWS::SageMaker::EndpointConfig').flatMap(([id, { Properties }]) => {
        const role = endpointRole(deployment);
        if (Properties.KmsKeyId === undefined || role === undefined) return [];
        const lends = statementsOf(deployment, role).find(({ Action }) =>
          list(Action).includes('kms:CreateGrant'),
        );
        return at(lends, 'Condition', 'Bool', 'kms:GrantIsForAWSResource') === 'true'
          ? []
          : [`${id}: the key is not lent`];
      }),
    violate: (deployment) => {
      const config = ofType(deployment, 'AWS::SageMaker::EndpointConfig')[0]?.[1];
      return config?.Properties.KmsKeyId !== undefined && withdraw(deployment, 'kms:CreateGrant');
    },
  },
  {
    id: 'role-places-interfaces',
    page: `${guide}/sagemaker-roles.html#sagemaker-roles-createmodel-perms`,
    breaks: 'no network interface can be made in the VPC and the endpoint fails',
    check: (deployment) => {
      const role = endpointRole(deployment);
      if (placed(deployment).length === 0 || role === undefined) return [];
      const statements = statementsOf(deployment, role);
      return [
        'ec2:CreateNetworkInterface',
        'ec2:CreateNetworkInterfacePermission',
        'ec2:DeleteNetworkInterface',
        'ec2:DeleteNetworkInterfacePermission',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeVpcs',
        'ec2:DescribeDhcpOptions',
        'ec2:DescribeSubnets',
        'ec2:DescribeSecurityGroups',
      ].filter((action) => !allows(statements, action, ''));
    },
    violate: (deployment) =>
      placed(deployment).length > 0 && withdraw(deployment, 'ec2:CreateNetworkInterface'),
  },
  {
    id: 'role-makes-no-log-group-that-is-made',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html',
    breaks:
      'a late line brings the group back after CloudFormation deleted it: the next deployment fails with ResourceAlreadyExists',
    check: (deployment) => {
      const role = endpointRole(deployment);
      return role !== undefined && allows(statementsOf(deployment, role), 'logs:CreateLogGroup', '')
        ? [`${role} may make log groups`]
        : [];
    },
    violate: (deployment) => {
      const role = endpointRole(deployment);
      const open = role && statementsOf(deployment, role).find(({ Sid }) => Sid === 'OpenLog');
      if (!open) return false;
      Object.assign(open, { Action: ['logs:CreateLogGroup'] });
      return true;
    },
  },
  {
    id: 'role-writes-its-log',
    page: roles,
    breaks: 'containers run without a log: no metric, no cause of a failure',
    check: (deployment) =>
      grantsOf(deployment).flatMap(([id, statements]) =>
        ['logs:CreateLogStream', 'logs:PutLogEvents']
          .filter((action) => !allows(statements, action, '/aws/sagemaker/'))
          .map((action) => `${id} lacks ${action}`),
      ),
    violate: (deployment) => withdraw(deployment, 'logs:PutLogEvents'),
  },
  {
    id: 'metrics-only-in-sagemakers-namespaces',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html',
    breaks: 'containers may write any metric, alarms of others included',
    check: (deployment) =>
      grantsOf(deployment).flatMap(([id, statements]) =>
        statements
          .filter(({ Action }) => list(Action).includes('cloudwatch:PutMetricData'))
          .filter(({ Condition }) => !JSON.stringify(Condition ?? {}).includes('cloudwatch:namespace'))
          .map(() => `${id} writes any metric`),
      ),
    violate: (deployment) =>
      grantsOf(deployment).some(([, statements]) => {
        const writes = statements.find(({ Action }) => list(Action).includes('cloudwatch:PutMetricData'));
        return writes !== undefined && Reflect.deleteProperty(writes, 'Condition');
      }),
  },
  {
    id: 'inline-policies-fit',
    page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html',
    breaks: 'a role takes 10,240 characters of inline policies in all',
    check: (deployment) =>
      ofType(deployment, 'AWS::IAM::Role').flatMap(([id]) => {
        const size = flat(statementsOf(deployment, id).map((each) => JSON.stringify(each))).length;
        return size <= 10_240 ? [] : [`${id} has ${size} characters`];
      }),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::IAM::Role', (role) => {
        role.Policies = [
          { PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'x'.repeat(11_000) }] } },
        ];
        return true;
      }),
  },
  {
    id: 'role-description-and-path',
    page: 'https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html',
    breaks: 'CreateRole refuses a description over 1,000 characters or a path without slashes',
    check: (deployment) =>
      ofType(deployment, 'AWS::IAM::Role').flatMap(([id, { Properties }]) => {
        const { Description = '', Path = '/' } = Properties;
        return flat(Description).length <= 1000 && /^\/([\x21-\x7e]+\/)?$/.test(flat(Path))
          ? []
          : [`${id}: ${flat(Path)}`];
      }),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::IAM::Role', (role) => {
        role.Path = 'reranker';
        return true;
      }),
  },
  {
    id: 'role-is-passed-to-sagemaker-only',
    page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html',
    breaks: 'who may pass the role may hand it to any service',
    check: (deployment) =>
      ofType(deployment, 'AWS::IAM::Policy').flatMap(([id, { Properties }]) =>
        (list(at(Properties.PolicyDocument, 'Statement')) as Statement[])
          .filter(({ Action }) => list(Action).includes('iam:PassRole'))
          .filter(({ Condition }) => !JSON.stringify(Condition ?? {}).includes('iam:PassedToService'))
          .map(() => `${id} passes a role to anybody`),
      ),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::IAM::Policy', (policy) => {
        policy.PolicyDocument = { Statement: [{ Effect: 'Allow', Action: 'iam:PassRole', Resource: '*' }] };
        return true;
      }),
  },
  {
    id: 'arns-are-of-the-partition',
    page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html',
    breaks: 'in China and GovCloud an ARN that begins with arn:aws: names nothing',
    check: (deployment) => {
      if (!/^(cn|us-gov)-/.test(deployment.region ?? '')) return [];
      const found = JSON.stringify(deployment.resources).match(/arn:aws:[a-z0-9-]*/g) ?? [];
      return [...new Set(found)];
    },
    violate: (deployment) => {
      if (!/^(cn|us-gov)-/.test(deployment.region ?? '')) return false;
      return changeFirst(deployment, 'AWS::SageMaker::Model', (model) => {
        model.ExecutionRoleArn = 'arn:aws:iam::1:role/x';
        return true;
      });
    },
  },
  {
    id: 'callers-may-invoke-this-endpoint-only',
    page: 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html',
    breaks: 'the function may call any endpoint of the account',
    check: (deployment) =>
      ofType(deployment, 'AWS::IAM::Policy').flatMap(([id, { Properties }]) =>
        (list(at(Properties.PolicyDocument, 'Statement')) as Statement[])
          .filter(({ Action }) =>
            list(Action).some((action) => String(action).startsWith('sagemaker:InvokeEndpoint')),
          )
          .filter(({ Resource }) => list(Resource).some((arn) => flat(arn).includes('*')))
          .map(() => `${id} invokes any endpoint`),
      ),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::IAM::Policy', (policy) => {
        policy.PolicyDocument = {
          Statement: [{ Effect: 'Allow', Action: 'sagemaker:InvokeEndpoint', Resource: '*' }],
        };
        return true;
      }),
  },
  {
    id: 'component-callers-may-invoke-components',
    page: `${guide}/realtime-endpoints-test-endpoints.html`,
    breaks: 'InvokeEndpoint with a component asks for both the endpoint and the component, and is refused',
    check: (deployment) => {
      const components = ofType(deployment, 'AWS::SageMaker::InferenceComponent').map(([id]) => id);
      const [endpoint] = ofType(deployment, 'AWS::SageMaker::Endpoint').map(([id]) => id);
      return ofType(deployment, 'AWS::IAM::Policy').flatMap(([id, { Properties }]) =>
        (list(at(Properties.PolicyDocument, 'Statement')) as Statement[])
          .filter(({ Action }) => list(Action).includes('sagemaker:InvokeEndpoint'))
          // A caller of another endpoint needs that one's components.
          .filter(({ Resource }) => flat(Resource).includes(endpoint!))
          .flatMap(({ Resource }) => components.filter((each) => !flat(Resource).includes(each)))
          .map((each) => `${id} may not invoke ${each}`),
      );
    },
    violate: (deployment) =>
      ofType(deployment, 'AWS::SageMaker::InferenceComponent').length > 0 &&
      changeFirst(deployment, 'AWS::IAM::Policy', (policy) => {
        const [[Resource]] = ofType(deployment, 'AWS::SageMaker::Endpoint') as [[string, unknown]];
        policy.PolicyDocument = {
          Statement: [{ Effect: 'Allow', Action: ['sagemaker:InvokeEndpoint'], Resource }],
        };
        return true;
      }),
  },
  {
    id: 'bucket-is-private',
    page: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html',
    breaks: "callers' texts may become public",
    check: (deployment) =>
      ofType(deployment, 'AWS::S3::Bucket').flatMap(([id, { Properties }]) => {
        const block = (Properties.PublicAccessBlockConfiguration ?? {}) as Json;
        return Object.values(block).filter((value) => value === true).length === 4
          ? []
          : [`${id} may be public`];
      }),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::S3::Bucket', (bucket) => delete bucket.PublicAccessBlockConfiguration),
  },
  {
    id: 'bucket-takes-tls-only',
    page: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html',
    breaks: "callers' texts may travel in the clear",
    check: (deployment) =>
      ofType(deployment, 'AWS::S3::Bucket').flatMap(([id]) =>
        ofType(deployment, 'AWS::S3::BucketPolicy').some(
          ([, { Properties }]) =>
            at(Properties.Bucket, 'Ref') === id && JSON.stringify(Properties).includes('aws:SecureTransport'),
        )
          ? []
          : [`${id} takes plain HTTP`],
      ),
    violate: (deployment) =>
      ofType(deployment, 'AWS::S3::BucketPolicy').some(([id]) =>
        Reflect.deleteProperty(deployment.resources, id),
      ),
  },
  {
    id: 'bucket-is-encrypted-with-the-own-key',
    page: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html',
    breaks: 'ownKey was asked for, and data lies under another key',
    check: (deployment) =>
      deployment.ownKey
        ? ofType(deployment, 'AWS::S3::Bucket').flatMap(([id, { Properties }]) =>
            JSON.stringify(Properties.BucketEncryption ?? {}).includes('"aws:kms"')
              ? []
              : [`${id} is not under the own key`],
          )
        : [],
    violate: (deployment) =>
      deployment.ownKey &&
      changeFirst(deployment, 'AWS::S3::Bucket', (bucket) => delete bucket.BucketEncryption),
  },
  {
    id: 'bucket-drops-abandoned-uploads',
    page: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html',
    breaks: 'parts of uploads that broke off are billed for ever',
    check: (deployment) =>
      ofType(deployment, 'AWS::S3::Bucket').flatMap(([id, { Properties }]) =>
        JSON.stringify(Properties.LifecycleConfiguration ?? {}).includes('AbortIncompleteMultipartUpload')
          ? []
          : [id],
      ),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::S3::Bucket', (bucket) => delete bucket.LifecycleConfiguration),
  },
  {
    id: 'key-rotates-and-stays',
    page: 'https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html',
    breaks: 'a key that goes with the stack takes what it encrypted along',
    check: (deployment) =>
      ofType(deployment, 'AWS::KMS::Key').flatMap(([id, key]) =>
        key.Properties.EnableKeyRotation === true && key.DeletionPolicy === 'Retain'
          ? []
          : [`${id} goes, or stays the same`],
      ),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::KMS::Key', (key) => {
        key.EnableKeyRotation = false;
        return true;
      }),
  },
  {
    id: 'volumes-are-under-the-own-key',
    page: `${guide}/encryption-at-rest.html`,
    breaks: 'ownKey was asked for, and volumes lie under another key',
    check: (deployment) =>
      deployment.ownKey && production(deployment).some((variant) => variant.InstanceType !== undefined)
        ? ofType(deployment, 'AWS::SageMaker::EndpointConfig').flatMap(([id, { Properties }]) =>
            Properties.KmsKeyId === undefined ? [`${id} has no key`] : [],
          )
        : [],
    violate: (deployment) =>
      deployment.ownKey &&
      changeFirst(deployment, 'AWS::SageMaker::EndpointConfig', (config) => delete config.KmsKeyId),
  },
];
