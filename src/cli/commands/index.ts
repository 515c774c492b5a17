import type { Command } from '../command.ts'
import { deploy, rollback } from './deploy.ts'
import { doctor } from './doctor.ts'
import { featuresHistory, featuresList, featuresLookup, featuresShow } from './features.ts'
import { ingest } from './ingest.ts'
import { materialize } from './materialize.ts'
import { monitorsRun } from './monitors.ts'
import { apply, plan } from './plan.ts'
import { predict } from './predict.ts'
import { runsCompare, runsList, runsLogs, runsShow } from './runs.ts'
import { dev, server } from './serve.ts'
import { train } from './train.ts'
import { versionsCheck, versionsExplain, versionsList, versionsShow } from './versions.ts'

/** Every verb, in the order in which the help shows them. */
export const commands: readonly Command[] = [
  dev,
  server,
  plan,
  apply,
  materialize,
  ingest,
  featuresList,
  featuresShow,
  featuresLookup,
  featuresHistory,
  train,
  runsList,
  runsShow,
  runsCompare,
  runsLogs,
  versionsList,
  versionsShow,
  versionsCheck,
  versionsExplain,
  deploy,
  rollback,
  predict,
  monitorsRun,
  doctor,
]
