#!/usr/bin/env node
// Plain JavaScript of long ago, so that an old Node can read the line below instead of failing on syntax.
var major = Number(process.versions.node.split('.')[0])
var minor = Number(process.versions.node.split('.')[1])
var old = major < 22 || (major === 22 && minor < 18)
// A new project brings its own Node, so an older one may make it.
if (old && !(major >= 20 && process.argv[2] === 'init')) {
  console.error(
    'noonmark needs Node 22.18 or newer, and this is ' +
      process.versions.node +
      '. Run it through `npm exec` or `npm run` in a project that has the devDependency `node`, or install a newer Node.',
  )
  process.exit(1)
}
var here = new URL('.', import.meta.url)
var source = new URL('../src/cli/main.ts', here)
// Compiled code is kept between runs, also for the processes that this one starts: they begin in a third of the time.
import('node:module')
  .then((module) => {
    var directory = old ? undefined : module.enableCompileCache().directory
    if (directory) process.env.NODE_COMPILE_CACHE = directory
    return import('node:fs')
  })
  .then((fs) => {
    if (!old) return fs
    var init = new URL('../dist/cli/old-node.js', here)
    if (!fs.existsSync(init))
      throw new Error('noonmark init in a checkout without a build needs Node 22.18: npm exec -- noonmark init')
    return import(init.href).then((cli) => cli.initOnOldNode(process.argv.slice(2))).then(() => null)
  })
  // A checkout runs its source, so that a stale build never answers; the package has the build only.
  .then((fs) => fs && import(fs.existsSync(source) ? source.href : new URL('../dist/cli/main.js', here).href))
  // biome-ignore lint/complexity/useOptionalChain: an old Node cannot read one
  .then((cli) => cli && cli.main(process.argv.slice(2)))
  .catch((error) => {
    console.error(error)
    process.exitCode = 1
  })
