import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SETTINGS } from './settings.ts'
import { hostSpacesOf } from './host-spaces.ts'

const SPACE = 'did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw'
const { kind } = SETTINGS.hostSpaces

test('hosts and their spaces are read, in lower case', () => {
  const read = kind.fromText(`Photos.example=${SPACE}, b.example:81=${SPACE}`)!
  assert.deepEqual(kind.fromJson([`photos.example=${SPACE}`]), read.slice(0, 1))
  assert.equal(kind.show(read), `photos.example=${SPACE},b.example:81=${SPACE}`)
  assert.deepEqual(
    [...hostSpacesOf(read)],
    [
      ['photos.example', [SPACE]],
      ['b.example:81', [SPACE]],
    ],
  )
})

test('what is no host with the key of a space is refused', () => {
  for (const text of ['a.example', `=${SPACE}`, 'a.example=did:web:b', 'a.example=did:key:z6Mk'])
    assert.equal(kind.fromText(text), undefined, text)
})
