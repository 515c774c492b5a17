import { renewalFiles } from './renewal-data.ts'
import { rideFiles } from './ride-data.ts'

/** A project that `noonmark init` makes. */
export interface Template {
  readonly name: string
  readonly summary: string
  /** Its data up to an instant, by path. */
  readonly data: (endMs: number) => Readonly<Record<string, string>>
  /** Scripts of its package.json beside those of every project. */
  readonly scripts: Readonly<Record<string, string>>
  /** Its model and deployment; null where it has none yet. */
  readonly model: string | null
  readonly deployment: string | null
  /** What is worth saying of what it makes, by path. */
  readonly files: readonly (readonly [path: string, summary: string])[]
}

const every = [
  ['deployments.ts', 'which version answers'],
  ['package.json', 'scripts dev, test, train; Node 24 as a devDependency'],
  ['.github/workflows/noonmark.yml', 'tests and trains at every push'],
] as const

/** The templates by name. */
export const templates: readonly Template[] = [
  {
    name: 'online',
    summary: 'predictions on request: will the rider cancel?',
    data: rideFiles,
    scripts: { traffic: 'node traffic.ts' },
    model: 'cancellation',
    deployment: 'ride-cancellation',
    files: [
      ['data/', '8,000 made-up rides of 45 days'],
      ['features/zone.ts', 'an entity, a source, features over it'],
      ['moments/ride-request.ts', 'the moment at which predictions are made'],
      ['models/cancellation.ts', 'inputs, label, trainer, baseline, checks'],
      ['traffic.ts', 'plays the application'],
      ...every,
    ],
  },
  {
    name: 'batch',
    summary: 'a list scored every night: will the customer leave?',
    data: renewalFiles,
    scripts: { score: 'node score.ts' },
    model: 'churn',
    deployment: 'renewal-churn',
    files: [
      ['data/', '500 made-up customers of 140 days'],
      ['features/customer.ts', 'an entity, a source, features over it'],
      ['moments/renewal.ts', 'the moment at which predictions are made, and its outcome'],
      ['models/churn.ts', 'inputs, label, trainer, baseline, checks'],
      ['score.ts', 'the nightly batch'],
      ...every,
    ],
  },
  {
    name: 'blank',
    summary: 'nothing yet: `noonmark import` drafts definitions from a file of your own',
    data: () => ({}),
    scripts: {},
    model: null,
    deployment: null,
    files: [every[1], every[2]],
  },
]
