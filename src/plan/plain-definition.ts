import { entitySpec } from '../define/index.ts'
import type { AnyDefinition } from './definitions.ts'

/**
 * A definition as JSON, whole but for code, which stands in it by its text: to tell whether two definitions of one name
 * say the same. What it refers to stands in it by name.
 */
export function plainDefinition(definition: AnyDefinition): unknown {
  switch (definition.kind) {
    case 'entity':
      return entitySpec(definition)
    case 'source':
    case 'moment':
    case 'deployment':
      return definition.spec
    case 'feature-view': {
      const { name, entity, source, key, features, owner, description } = definition
      return plain({ name, entity: entity.name, source: source.name, key, features, owner, description })
    }
    case 'model': {
      const { moment, label, inputs, ...rest } = definition
      return plain({
        ...rest,
        moment: moment.name,
        label: { ...label, source: label.source.name },
        inputs: inputs.map((input) =>
          'input' in input && input.input === 'features' ? { ...input, view: input.view.name } : input,
        ),
      })
    }
  }
}

/** Functions as text and bigints as text, references to whole feature views as names. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (key, part: unknown) => {
    if (typeof part === 'function') return key === 'run' || key === 'baseline' ? part.toString() : undefined
    if (typeof part === 'bigint') return part.toString()
    if (key === 'view' && typeof part === 'object' && part !== null && 'name' in part) return part.name
    return part
  })
  return JSON.parse(text)
}
