import { describe } from 'vitest'
import { featureLaws } from './conformance/feature-laws.ts'
import type { OpenOfflineEngine } from './conformance/harness.ts'
import { outcomeLaws } from './conformance/outcome-laws.ts'
import { sourceLaws } from './conformance/source-laws.ts'
import { tableLaws } from './conformance/table-laws.ts'

export type { OpenOfflineEngine } from './conformance/harness.ts'

/**
 * The laws of an offline engine. Call it in a test file of your driver to certify it.
 * @param open an engine whose table versions lie under a folder; the suite closes it
 */
export function offlineEngineConformance(driver: string, open: OpenOfflineEngine): void {
  describe(`offline engine: ${driver}`, () => {
    describe('sources', () => sourceLaws(open))
    describe('features', () => featureLaws(open))
    describe('moments and outcomes', () => outcomeLaws(open))
    describe('tables', () => tableLaws(open))
  })
}
