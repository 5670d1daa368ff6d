import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROFILES, PROFILE_DEFAULT, profileByName } from './profile.ts'

test('profiles are found by name, and nothing else is', () => {
  assert.equal(profileByName(PROFILE_DEFAULT), PROFILES['unixfs-v1-2025'])
  assert.equal(profileByName('unixfs-v0-2015'), PROFILES['unixfs-v0-2015'])
  for (const name of ['', 'unixfs-v1', 'toString', '__proto__'])
    assert.equal(profileByName(name), undefined)
})

test('each profile is called what it is listed as', () => {
  for (const [name, profile] of Object.entries(PROFILES)) assert.equal(profile.name, name)
})
