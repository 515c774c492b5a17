import type { AnyNode } from 'acorn'

/** Methods of arrays, maps, sets, strings and dates that leave the value as it is. */
const readingMethods = new Set(
  (
    'at charAt charCodeAt codePointAt concat endsWith entries every filter find findIndex findLast findLastIndex flat ' +
    'flatMap forEach get getTime has hasOwnProperty includes indexOf join keys lastIndexOf localeCompare map match ' +
    'padEnd padStart reduce reduceRight replace replaceAll repeat slice some split startsWith test toISOString ' +
    'toLowerCase toReversed toSorted toSpliced toString toUpperCase trim valueOf values with'
  ).split(' '),
)

/** Methods that run the function that they are given before they return. */
const iteratingMethods = new Set(
  'every filter find findIndex findLast flatMap forEach from map reduce reduceRight some sort toSorted'.split(' '),
)

/** Functions of the language that leave their arguments as they are. */
const readingFunctions = new Set(
  (
    'Array.from Array.isArray Array.of BigInt Boolean Date JSON.stringify Map Number Object.entries Object.freeze ' +
    'Object.fromEntries Object.hasOwn Object.keys Object.values RegExp Set String isNaN isFinite parseFloat parseInt ' +
    'console.log structuredClone Float64Array Int32Array Uint8Array'
  ).split(' '),
)

/**
 * What happens to what a name holds where the name stands: it is assigned to or deleted from (`assign`), one of its
 * own methods may change it (`call`), it is given to a function that may change it (`pass`), or it is read.
 */
export type Touch = 'read' | 'assign' | 'call' | 'pass'

/** What happens to what a name holds, seen from the nodes around it. */
export function touchOf(node: AnyNode, parents: readonly AnyNode[]): Touch {
  const { child, parent, above, method } = climb(node, parents)
  switch (parent?.type) {
    case 'AssignmentExpression':
    case 'ForInStatement':
    case 'ForOfStatement':
      return parent.left === child ? 'assign' : 'read'
    case 'UpdateExpression':
      return 'assign'
    case 'UnaryExpression':
      return parent.operator === 'delete' ? 'assign' : 'read'
    case 'Property':
      return parent.value === child && above?.type === 'ObjectPattern' && isAssigned(parents) ? 'assign' : 'read'
    case 'AssignmentPattern':
      return parent.left === child && isAssigned(parents) ? 'assign' : 'read'
    case 'ArrayPattern':
    case 'RestElement':
      return isAssigned(parents) ? 'assign' : 'read'
    case 'CallExpression':
    case 'NewExpression':
      if (parent.callee !== child) return readingFunctions.has(calleeName(parent.callee)) ? 'read' : 'pass'
      return method !== undefined && !readingMethods.has(method) ? 'call' : 'read'
    default:
      return 'read'
  }
}

/** Whether what a name holds, or a method of it, is called where the name stands. */
export function isCalled(node: AnyNode, parents: readonly AnyNode[]): boolean {
  const { child, parent } = climb(node, parents)
  if (parent?.type === 'TaggedTemplateExpression') return parent.tag === child
  if (parent?.type === 'NewExpression') return parent.callee === child
  return parent?.type === 'CallExpression' && (parent.callee === child || runsAtOnce(child, parent))
}

/** Whether a function runs where it stands: called there, or given to a method that goes through a list. */
export function runsAtOnce(node: AnyNode, parent: AnyNode | undefined): boolean {
  if (parent?.type !== 'CallExpression') return false
  if (parent.callee === node) return true
  if (parent.callee.type === 'MemberExpression' && parent.callee.object === node) return true // (function () {}).call(...)
  return parent.callee.type === 'MemberExpression' && iteratingMethods.has(propertyName(parent.callee) ?? '')
}

/** `console.log` of the callee `console.log`; empty for anything that is not a path of names. */
export function calleeName(callee: AnyNode): string {
  if (callee.type === 'Identifier') return callee.name
  if (callee.type !== 'MemberExpression') return ''
  return `${calleeName(callee.object)}.${propertyName(callee) ?? ''}`
}

interface Climbed {
  readonly child: AnyNode
  readonly parent: AnyNode | undefined
  readonly above: AnyNode | undefined
  /** The last property on the way up, of `name.a.b`; empty if computed; undefined if the name stands alone. */
  readonly method: string | undefined
}

/** From a name to the whole of the path that begins with it, such as `name.a[b]`. */
function climb(node: AnyNode, parents: readonly AnyNode[]): Climbed {
  let child = node
  let method: string | undefined
  for (let index = parents.length - 1; ; index--) {
    const parent = parents[index]
    const isPath = parent?.type === 'MemberExpression' && parent.object === child
    if (parent === undefined || (!isPath && parent.type !== 'ChainExpression')) {
      return { child, parent, above: parents[index - 1], method }
    }
    if (isPath) method = propertyName(parent) ?? ''
    child = parent
  }
}

function propertyName(node: Extract<AnyNode, { type: 'MemberExpression' }>): string | undefined {
  if (!node.computed && node.property.type === 'Identifier') return node.property.name
  return undefined
}

/** Whether the pattern above is the left side of an assignment or loop, rather than of a declaration or a parameter. */
function isAssigned(parents: readonly AnyNode[]): boolean {
  for (let index = parents.length - 1; index > 0; index--) {
    const node = parents[index]
    const parent = parents[index - 1]
    if (
      parent?.type === 'AssignmentExpression' ||
      parent?.type === 'ForInStatement' ||
      parent?.type === 'ForOfStatement'
    ) {
      return parent.left === node
    }
    if (node?.type === 'VariableDeclarator' || (node !== undefined && 'params' in node)) return false
  }
  return false
}
