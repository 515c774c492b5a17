import type { Command } from '../command.ts'
import { datasetBuild, datasetShow } from './dataset.ts'
import { deploy, rollback } from './deploy.ts'
import { doctor } from './doctor.ts'
import { featuresHistory, featuresList, featuresLookup, featuresShow } from './features.ts'
import { importCommand } from './import.ts'
import { ingest } from './ingest.ts'
import { init } from './init.ts'
import { catalogSearch, lineage } from './lineage.ts'
import { materialize } from './materialize.ts'
import { monitorsRun, monitorsShow } from './monitors.ts'
import { apply, plan } from './plan.ts'
import { predict } from './predict.ts'
import { runsCancel, runsCompare, runsList, runsLogs, runsShow } from './runs.ts'
import { dev, server } from './serve.ts'
import { test } from './test.ts'
import { train } from './train.ts'
import { versionsCheck, versionsExplain, versionsList, versionsShow } from './versions.ts'

/** Every verb, in the order in which the help shows them. */
export const commands: readonly Command[] = [
  init,
  importCommand,
  dev,
  server,
  plan,
  apply,
  test,
  deploy,
  rollback,
  materialize,
  ingest,
  featuresList,
  featuresShow,
  featuresLookup,
  featuresHistory,
  datasetBuild,
  datasetShow,
  train,
  runsList,
  runsShow,
  runsCompare,
  runsLogs,
  runsCancel,
  versionsList,
  versionsShow,
  versionsCheck,
  versionsExplain,
  predict,
  monitorsRun,
  monitorsShow,
  catalogSearch,
  lineage,
  doctor,
]
