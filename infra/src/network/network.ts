import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
  type ISecurityGroup,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import { acknowledge } from '../common/acknowledge.js';
import type { Faults } from '../common/configuration-error.js';
import type { RoleGrant } from '../common/grants.js';
import type { NetworkPlacement } from '../hosting/settings.js';

/** A placement with its security groups made. */
export interface BoundNetwork {
  readonly vpcConfig: CfnModel.VpcConfigProperty;
  readonly securityGroups: readonly ISecurityGroup[];
  readonly subnetArns: readonly string[];
  readonly vpcArn: string;
}

/** Names what is wrong with a placement. */
export function checkNetwork(placement: NetworkPlacement | undefined, faults: Faults): void {
  if (placement === undefined) return;
  const groups = placement.securityGroups;
  faults.require(
    groups === undefined || (groups.length >= 1 && groups.length <= 5),
    `hosting.network.securityGroups holds ${groups?.length}; SageMaker takes 1 to 5`,
  );
  const subnets = subnetsOf(placement);
  faults.require(
    typeof subnets !== 'string' && subnets.length >= 1 && subnets.length <= 16,
    `hosting.network ${typeof subnets === 'string' ? `names no subnets: ${subnets}` : `selects ${subnets.length} subnets`}; SageMaker takes 1 to 16, with a route to S3: give hosting.network.subnets, or a VPC with private subnets`,
  );
}

/** Ids of the subnets, or why there are none: the CDK throws where a kind of subnet is missing. */
function subnetsOf(placement: NetworkPlacement): readonly string[] | string {
  const { vpc } = placement;
  try {
    const isolated = { subnets: vpc.isolatedSubnets.length > 0 ? vpc.isolatedSubnets : vpc.privateSubnets };
    return vpc.selectSubnets(placement.subnets ?? isolated).subnetIds;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export function bindNetwork(scope: Construct, placement: NetworkPlacement): BoundNetwork {
  const { vpc } = placement;
  // Checked before: a selection that is empty, or that the CDK refuses, comes no further.
  const subnetIds = [subnetsOf(placement)].flat();
  const securityGroups = placement.securityGroups ?? [instanceSecurityGroup(scope, placement)];
  const stack = Stack.of(scope);
  return {
    vpcConfig: { subnets: subnetIds, securityGroupIds: securityGroups.map((group) => group.securityGroupId) },
    securityGroups,
    subnetArns: subnetIds.map((id) =>
      stack.formatArn({ service: 'ec2', resource: 'subnet', resourceName: id }),
    ),
    vpcArn: vpc.vpcArn,
  };
}

function instanceSecurityGroup(scope: Construct, { vpc }: NetworkPlacement): SecurityGroup {
  const group = new SecurityGroup(scope, 'SecurityGroup', {
    vpc,
    description: 'Instances of the reranker endpoint: nothing in, HTTPS out',
    allowAllOutbound: false,
  });
  group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'S3 and the VPC endpoints');
  return group;
}

/** What SageMaker needs to place network interfaces: in these subnets, with these groups, and to look before it does. */
export function networkGrants(stack: Stack, network: BoundNetwork): RoleGrant[] {
  const ec2 = (resource: string, resourceName: string) =>
    stack.formatArn({ service: 'ec2', resource, resourceName });
  const interfaces = ec2('network-interface', '*');
  const groups = network.securityGroups.map((group) => ec2('security-group', group.securityGroupId));
  const open = 'interfaces have no name before they are made; they can only be in these subnets of this VPC';
  return [
    {
      sid: 'PlaceInterfaces',
      actions: ['ec2:CreateNetworkInterface'],
      resources: [...network.subnetArns, ...groups, interfaces],
      open,
    },
    {
      sid: 'UseInterfaces',
      actions: [
        'ec2:CreateNetworkInterfacePermission',
        'ec2:DeleteNetworkInterface',
        'ec2:DeleteNetworkInterfacePermission',
      ],
      resources: [interfaces],
      conditions: { ArnEquals: { 'ec2:Vpc': network.vpcArn } },
      open,
    },
    {
      sid: 'LookAtNetwork',
      actions: [
        'ec2:DescribeDhcpOptions',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcs',
      ],
      resources: ['*'],
      open: 'the EC2 Describe actions know no resource',
    },
  ];
}

export interface RerankerNetworkProps {
  /**
   * Address range.
   * @default 10.0.0.0/24
   */
  readonly cidr?: string;
  /**
   * Availability zones, at least two. An interface endpoint is refused in a zone that lacks its service: `aws ec2
   * describe-vpc-endpoint-services` lists the zones of each.
   * @default the first two of the region
   */
  readonly availabilityZones?: readonly string[];
}

/**
 * A VPC without a way to or from the internet: two availability zones, and VPC endpoints for what SageMaker reads and writes
 * (S3 through a gateway, which is free; ECR, CloudWatch and the SageMaker runtime through interfaces, billed by the hour).
 * Callers inside reach the reranker through its SageMaker runtime endpoint.
 */
export class RerankerNetwork extends Construct {
  readonly vpc: Vpc;

  constructor(scope: Construct, id: string, props: RerankerNetworkProps = {}) {
    super(scope, id);
    const { availabilityZones: zones = [] } = props;
    this.vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(props.cidr ?? '10.0.0.0/24'),
      ...(zones.length > 0 ? { availabilityZones: [...zones] } : { maxAzs: 2 }),
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: 'Instances', subnetType: SubnetType.PRIVATE_ISOLATED }],
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
      flowLogs: {
        Rejected: {
          destination: FlowLogDestination.toCloudWatchLogs(
            new LogGroup(this, 'FlowLog', {
              retention: RetentionDays.ONE_MONTH,
              removalPolicy: RemovalPolicy.DESTROY,
            }),
          ),
        },
      },
    });
    const endpoints = new SecurityGroup(this, 'EndpointSecurityGroup', {
      vpc: this.vpc,
      description: 'VPC endpoints: HTTPS from inside the VPC',
      allowAllOutbound: false,
    });
    endpoints.addIngressRule(Peer.ipv4(this.vpc.vpcCidrBlock), Port.tcp(443), 'HTTPS from the VPC');
    acknowledge(endpoints, 'AwsSolutions-EC23', 'the range is that of this VPC, which cdk-nag cannot read');
    const services = {
      EcrApi: InterfaceVpcEndpointAwsService.ECR,
      EcrDocker: InterfaceVpcEndpointAwsService.ECR_DOCKER,
      Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
      Metrics: InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
      Runtime: InterfaceVpcEndpointAwsService.SAGEMAKER_RUNTIME,
    };
    for (const [name, service] of Object.entries(services)) {
      this.vpc.addInterfaceEndpoint(name, { service, securityGroups: [endpoints], open: false });
    }
  }

  /** Placement of an endpoint's instances in this network. */
  get placement(): NetworkPlacement {
    return { vpc: this.vpc };
  }
}
