/** How a project begins: from a template, and by drafts of definitions from a file. */
export { installedAs } from './installed-as.ts'
export { makeProject, type NewProject, nameFrom } from './make-project.ts'
export { type Template, templates } from './templates.ts'
