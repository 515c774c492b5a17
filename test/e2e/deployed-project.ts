import { noonmarkJson } from './command-line.ts'
import { writeProject } from './small-project.ts'

/** Writes a project, trains its model and deploys the version as champion; returns the folder. */
export async function deployProject(
  files: Readonly<Record<string, string>>,
  { model = 'late', deployment = 'late-order', args = [] as readonly string[] } = {},
): Promise<string> {
  const folder = writeProject(files)
  await noonmarkJson(folder, ['apply', '--yes', ...args])
  await noonmarkJson(folder, ['train', model, ...args])
  await noonmarkJson(folder, ['deploy', `${model}:1`, '--to', deployment, ...args])
  await noonmarkJson(folder, ['apply', '--yes', ...args])
  return folder
}
