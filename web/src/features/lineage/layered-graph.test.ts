import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type GraphEdge, type GraphNode, layersOf, relativesOf } from './layered-graph.ts'

const graph = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 14 }).chain((numbers) => {
  const nodes = numbers.map((layer, place): GraphNode => ({ id: `n${place}`, layer }))
  const pairs = nodes.flatMap((from) =>
    nodes.flatMap((to) => (from.layer < to.layer ? [{ from: from.id, to: to.id }] : [])),
  )
  return fc.record({ nodes: fc.constant(nodes), edges: fc.subarray(pairs) })
})

describe('layers of a graph', () => {
  it('hold every node once, in its layer, whatever the arrows', () => {
    fc.assert(
      fc.property(graph, ({ nodes, edges }) => {
        const layers = layersOf(nodes, edges)
        expect(
          layers
            .flat()
            .map(({ id }) => id)
            .sort(),
        ).toEqual(nodes.map(({ id }) => id).sort())
        for (const layer of layers) expect(new Set(layer.map((node) => node.layer)).size).toBe(1)
        const numbers = layers.map((layer) => layer[0]!.layer)
        expect(numbers).toEqual([...numbers].sort((one, other) => one - other))
      }),
    )
  })

  it('are ordered so that arrows that need not cross do not', () => {
    const nodes = ['a', 'b', 'c'].flatMap((name, place) => [
      { id: `${name}1`, layer: 0 },
      { id: `${'cab'[place]}2`, layer: 1 },
    ])
    const edges = ['a', 'b', 'c'].map((name) => ({ from: `${name}1`, to: `${name}2` }))
    const [left, right] = layersOf(nodes, edges).map((layer) => layer.map(({ id }) => id[0]))
    expect(right).toEqual(left)
  })
})

describe('relatives of a node', () => {
  it('are what it can be reached from and what can be reached from it', () => {
    fc.assert(
      fc.property(graph, ({ nodes, edges }) => {
        const { id } = nodes[0]!
        const reach = (from: string, next: (edge: GraphEdge) => readonly [string, string]): string[] => [
          from,
          ...edges.flatMap((edge) => (next(edge)[0] === from ? reach(next(edge)[1], next) : [])),
        ]
        const expected = new Set([
          ...reach(id, ({ from, to }) => [from, to]),
          ...reach(id, ({ from, to }) => [to, from]),
        ])
        expect(relativesOf(id, edges)).toEqual(expected)
      }),
    )
  })
})
