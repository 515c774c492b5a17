/** How a project begins: from a template, and by drafts of definitions from a file. */

export { type Draft, draftDefinitions } from './draft.ts'
export { type Imported, importFile } from './import-file.ts'
export { installedAs } from './installed-as.ts'
export { makeProject, type NewProject, nameFrom } from './make-project.ts'
export { type Reading, readProfile, shareOf } from './reading.ts'
export { type Template, templates } from './templates.ts'
