import { describe, expect, it } from 'vitest'
import { readControl } from './client-control.ts'

describe('the content of a channel control', () => {
  it.each<[unknown, unknown]>([
    [
      { join: [['room:1'], ['room:2', ['e', 3, 'id'], { presence: true, data: null, more: 1 }]], n: 4 },
      {
        type: 'join',
        n: 4,
        joins: [
          { name: 'room:1', position: undefined, options: { presence: false } },
          {
            name: 'room:2',
            position: { epoch: 'e', offset: 3, id: 'id' },
            options: { presence: true, data: null },
          },
        ],
      },
    ],
    [{ leave: ['room:1', ''] }, { type: 'leave', names: ['room:1', ''] }],
    [{ data: ['room:1', { typing: true }] }, { type: 'data', name: 'room:1', data: { typing: true } }],
    [{ data: ['room:1'] }, { type: 'data', name: 'room:1', data: undefined }],
    [{ of: 'another version' }, { type: 'unknown' }],
  ])('%j is understood', (content, control) => {
    expect(readControl(content)).toEqual(control)
  })

  it.each<unknown>([
    undefined,
    null,
    5,
    [],
    { join: 5, n: 1 },
    { join: [5], n: 1 },
    { join: [[5]], n: 1 },
    { join: [['room']], n: -1 },
    { join: [['room']], n: 1.5 },
    { join: [['room', 5]], n: 1 },
    { join: [['room', ['e', -1, '']]], n: 1 },
    { join: [['room', ['e', 1]]], n: 1 },
    { join: [['room', [1, 1, '']]], n: 1 },
    { join: [['room', ['e'.repeat(65), 1, '']]], n: 1 },
    { join: [['room', ['e', 1, 'i'.repeat(65)]]], n: 1 },
    { join: [['room', null, null]], n: 1 },
    { join: [['room', null, []]], n: 1 },
    { leave: 'room' },
    { leave: [null] },
    { data: 'room' },
    { data: [5, 1] },
  ])('%j is a violation', (content) => {
    expect(readControl(content)).toBeUndefined()
  })
})
