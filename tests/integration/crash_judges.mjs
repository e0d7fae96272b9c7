// What must hold however often the programs were killed. Kept apart from the killing, so that a test can show that each
// judge finds guilt.
import assert from 'node:assert/strict'

export function groups(list, key) {
  const out = new Map()
  for (const item of list) {
    if (!out.has(key(item))) out.set(key(item), [])
    out.get(key(item)).push(item)
  }
  return out
}

export function contiguous(numbers, what) {
  numbers.forEach((n, i) => assert.equal(n, i + 1, `${what}: number ${n} stands at place ${i + 1}`))
}

/**
 * What the messenger was told is taken, against what the portal has: the same, once, in the same order.
 * @param tries webhooks as the messenger logged them: {update_id, status, update}
 * @param events the portal's rows of one lane, in its order: {epoch, sequence, event}
 */
export function judgeInbound(tries, events) {
  const acknowledged = tries.filter(t => t.status >= 200 && t.status < 300)
  const refused = tries.filter(t => t.status !== 0 && t.status !== 503 && !acknowledged.includes(t))
  assert.deepEqual(refused, [], 'the host answers 2xx or 503')
  assert.equal(new Set(acknowledged.map(t => t.update_id)).size, acknowledged.length, 'the messenger repeats only what was not acknowledged')
  assert.equal(new Set(events.map(e => e.epoch)).size, 1, 'one incarnation of the lane')
  contiguous(events.map(e => e.sequence), 'lane')
  assert.equal(new Set(events.map(e => e.event.id)).size, events.length, 'an id is one event')
  for (const [conversation, list] of groups(events.filter(e => e.event.conversation), e => e.event.conversation.id))
    contiguous(list.map(e => e.event.conversation_sequence), `conversation ${conversation}`)

  const messages = events.filter(e => e.event.type === 'message')
  const got = groups(messages, e => e.event.conversation.id)
  const sent = groups(acknowledged, t => String(t.update.message.chat.id))
  assert.deepEqual([...got.keys()].sort(), [...sent.keys()].sort(), 'the same conversations')
  for (const [conversation, list] of sent) {
    const inOrder = [...list].sort((a, b) => a.update_id - b.update_id)
    assert.deepEqual(
      got.get(conversation).map(e => `${e.event.message.id} ${e.event.message.text}`),
      inOrder.map(t => `${t.update.message.message_id} ${t.update.message.text}`),
      `conversation ${conversation}`)
  }
  return { acknowledged: acknowledged.length, tries: tries.length, delivered: messages.length, events: events.length }
}

export const isFinal = status => ['sent', 'failed', 'unknown'].includes(status.state)
const words = text => text.split(/\s+/).filter(Boolean)

/**
 * Commands against their status events and against what the customers see. Every word of every command must be unique.
 * @param commands accepted ones, per user in their order: {id, user, text}
 * @param statuses all status events that the portal has taken
 * @param chats user -> the texts the bot has written there, oldest first
 */
export function judgeOutbound(commands, statuses, chats) {
  const ends = groups(statuses.filter(isFinal), s => s.command)
  assert.deepEqual([...ends.keys()].filter(id => !commands.some(c => c.id === id)), [], 'only accepted commands end')
  const counts = { sent: 0, failed: 0, unknown: 0, unknown_seen: 0, split: 0 }
  for (const [user, list] of groups(commands, c => c.user)) {
    const seen = chats.get(user).flatMap(words)
    assert.equal(new Set(seen).size, seen.length, `user ${user} reads something twice: ${seen.filter((word, i) => seen.indexOf(word) !== i).slice(0, 3)}`)
    const known = new Set(seen)
    const confirmed = []
    for (const command of list) {
      const end = ends.get(command.id) ?? []
      assert.equal(end.length, 1, `${command.id} ends as ${JSON.stringify(end.map(e => e.state))}`)
      const all = words(command.text)
      const there = all.filter(word => known.has(word))
      counts[end[0].state]++
      if (end[0].messages?.length > 1) counts.split++
      if (end[0].state === 'sent') {
        assert.equal(there.length, all.length, `${command.id} is said to be sent`)
        confirmed.push(...all)
      } else if (end[0].state === 'failed' && !end[0].messages?.length) {
        assert.equal(there.length, 0, `${command.id} is said to have failed`)
      } else if (there.length > 0) {
        counts.unknown_seen += end[0].state === 'unknown' ? 1 : 0
      }
    }
    const meant = new Set(confirmed)
    assert.deepEqual(seen.filter(word => meant.has(word)), confirmed, `user ${user} reads in the order of the commands`)
    const own = new Set(list.flatMap(c => words(c.text)))
    assert.deepEqual(seen.filter(word => !own.has(word)), [], 'nothing else was written')
  }
  return counts
}
