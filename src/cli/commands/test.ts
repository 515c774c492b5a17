import { type ProjectTest, testProject } from '../../platform/project-tests.ts'
import type { Command } from '../command.ts'

/** `noonmark test` */
export const test: Command = {
  verb: ['test'],
  group: 'Change what runs',
  summary: "run the project's own tests: definitions, types, data, expectations, freshness, examples",
  example: 'test',
  async run(context) {
    const tests = await testProject(context.rootDir, context.platform, context.progress)
    const failed = tests.filter(({ outcome }) => outcome === 'failed').length
    const passed = tests.filter(({ outcome }) => outcome === 'passed').length
    const skipped = tests.length - passed - failed
    return {
      json: { ok: failed === 0, passed, failed, skipped, tests },
      text: [
        ...tests.map(testText),
        `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`,
      ].join('\n'),
      exitCode: failed === 0 ? 0 : 1,
    }
  },
}

const marks = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' } as const

function testText({ test, subject, outcome, detail, at, mend }: ProjectTest): string {
  const indent = `\n${' '.repeat(6)}`
  const head = `${marks[outcome]}  ${test.padEnd(11)} ${subject}: ${detail.replaceAll('\n', indent)}`
  return `${head}${at === null ? '' : `${indent}  at: ${at}`}${mend === null ? '' : `${indent}mend: ${mend}`}`
}
