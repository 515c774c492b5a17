// Goal: a training ends in a version with everything needed to repeat it, or says why not. Method: a small project on real stores,
// trained in this process, and where the process matters in a process of its own.
import { execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { beatsBaseline, gradientBoosting, logisticRegression, noLeakage, slice } from '../../src/define/index.ts'
import { readLock } from '../../src/plan/index.ts'
import { trainingPorts } from '../../src/platform/training.ts'
import { firstDayMs, lastDayMs, nowMs, parcelFiles, parcelProject, parcelTables } from './parcels.ts'
import { openTrainingWorld, type TrainingWorld } from './training-world.ts'

let world: TrainingWorld
const open = async (project = parcelProject(), tables = parcelFiles()): Promise<TrainingWorld> => {
  world = await openTrainingWorld({ definitions: project, tables, nowMs })
  return world
}
afterEach(() => world.close())

describe('a training', () => {
  it('makes a version in a process of its own, and tells how far it is, each step finished once', async () => {
    await open()
    const { runJob } = await trainingPorts(world.platform)
    const reports: [string, number, number][] = []
    const run = await world.train(
      { model: 'late' },
      { onProgress: (step, done, total) => reports.push([step, done, total]) },
      { runJob },
    )
    expect(run.error).toBeNull()
    expect(run).toMatchObject({ status: 'succeeded', version: 'late:1', seed: 1, finishedAtMs: nowMs })
    expect(run.checks.map(({ check, passed }) => [check, passed])).toEqual([
      ['leakage', true],
      ['beats_baseline', true],
    ])
    const version = await world.platform.registry.version('late:1')
    expect(version.passed).toBe(true)
    const steps = [...new Set(reports.map(([step]) => step))]
    expect(steps).toContain('fit gradient-boosting')
    for (const step of steps) {
      const own = reports.filter(([name]) => name === step)
      const done = own.map(([, count]) => count)
      expect(done, step).toEqual([...done].sort((a, b) => a - b))
      expect(own.filter(([, count, total]) => total > 0 && count === total).length, step).toBeLessThanOrEqual(1)
      // A step that was left has no reports after those of the next.
      const places = reports.flatMap(([name], place) => (name === step ? [place] : []))
      expect(places.at(-1)! - places[0]!, step).toBe(places.length - 1)
    }
  })
})
