import { noonmarkError } from '../../errors.ts'
import { examine, type Finding } from '../../platform/doctor.ts'
import { openPlatform } from '../../platform.ts'
import { type Command, optionText } from '../command.ts'

/** `noonmark doctor` */
export const doctor: Command = {
  verb: ['doctor'],
  group: 'Look around',
  summary: 'check the machine, the stores and the project, and say how to mend what is found',
  options: [{ name: 'port', value: 'number', summary: 'the port to look at (default 4600)' }],
  example: 'doctor',
  async run({ rootDir, progress }, input) {
    const port = Number(optionText(input, 'port') ?? 4600)
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw noonmarkError('request_invalid', {
        message: `'${optionText(input, 'port')}' is not a port.`,
        hint: 'Choose 0 to 65535.',
        path: '--port',
      })
    const findings = await examine({ rootDir, port, open: () => openPlatform({ rootDir }), onProgress: progress })
    const ok = findings.every((one) => one.ok)
    return { json: { ok, findings }, text: findings.map(findingText).join('\n'), exitCode: ok ? 0 : 1 }
  },
}

function findingText({ check, ok, detail, at, mend }: Finding): string {
  const indent = `\n${' '.repeat(16)}`
  const lines = [
    detail.replaceAll('\n', indent),
    ...(at === null ? [] : [`  at: ${at}`]),
    ...(mend === null ? [] : [`mend: ${mend}`]),
  ]
  return `${ok ? 'ok  ' : 'MEND'}  ${check.padEnd(9)} ${lines.join(indent)}`
}
