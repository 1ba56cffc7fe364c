/** A claim or procedure of the runbook that no step tries, and why. */
interface Untried {
  readonly id: string;
  readonly claim: string;
  readonly why: string;
  /** Commands of the page that belong to it. */
  readonly commands?: readonly string[];
}

export const UNTRIED: readonly Untried[] = [
  {
    id: 'quota-increase',
    claim: 'AWS raises a quota that is asked for.',
    why: 'people at AWS decide, and take days; the quotas themselves are looked at first',
    commands: ['aws service-quotas request-service-quota-increase'],
  },
  {
    id: 'bootstrap',
    claim: 'cdk bootstrap prepares the account.',
    why: 'others share what it makes; whether it is there is looked at first',
    commands: ['npx cdk bootstrap'],
  },
  {
    id: 'mail',
    claim: 'A mail arrives once its subscription is confirmed.',
    why: 'somebody must follow the link; the queue of alarm-arrives stands in',
  },
  {
    id: 'alarms-by-themselves',
    claim: 'Each alarm fires when what it watches is bad.',
    why: 'faults and full instances would have to be made; the rehearsal sets an alarm off and looks where it arrives',
  },
  {
    id: 'own-key',
    claim: 'ownKey encrypts volumes and answers.',
    why: 'a key outlives its stack: AWS deletes none within 7 days',
  },
  {
    id: 'stuck-stack',
    claim: 'A stack in UPDATE_ROLLBACK_FAILED goes on.',
    why: 'a stack cannot be brought there without breaking a quota or a permission of the account',
    commands: ['aws cloudformation continue-update-rollback'],
  },
  {
    id: 'stuck-log-group',
    claim: 'A log group that an older version left stops a deployment until it is deleted.',
    why: 'this version leaves none; one that is there is named first',
    commands: ['aws logs delete-log-group'],
  },
  {
    id: 'change-of-mode',
    claim: 'Another mode is deployed beside the old one.',
    why: 'the modes are deployed one after another, each as its own stack; two at once would cost twice',
  },
  {
    id: 'dead-letters',
    claim: 'Asynchronous calls of the function that failed three times can be redriven.',
    why: 'the endpoint would have to fail for minutes',
  },
  {
    id: 'assets',
    claim: 'cdk gc removes what no stack names.',
    why: "it would remove other stacks' assets as well",
    commands: ['npx cdk gc'],
  },
];
