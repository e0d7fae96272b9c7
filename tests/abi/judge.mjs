// Whether connectors that were built against one state of the border still work with another.

const text = member => `"${member.declaration}" at ${member.offset}`

function judgeStruct(name, before, now, breaks) {
  const say = words => breaks.push(`struct ${name}: ${words}`)
  // The golden file's word counts: to call a struct sized later does not make it so in the field.
  if (before.kind !== now.kind) say(`was ${before.kind}, is ${now.kind}`)
  for (const [index, old] of before.members.entries()) {
    const member = now.members[index]
    if (!member) return say(`${text(old)} is gone`)
    if (member.offset !== old.offset || member.size !== old.size || member.declaration !== old.declaration) return say(`${text(old)} became ${text(member)}`)
  }
  const added = now.members.slice(before.members.length)
  if (before.kind === 'frozen') {
    if (added.length) say(`is frozen, and got ${text(added[0])}`)
    else if (now.size !== before.size) say(`is frozen, and its size went from ${before.size} to ${now.size}`)
    return
  }
  // A connector's `size` covers the padding, so what is put there would be read from connectors that never wrote it.
  for (const member of added) if (member.offset < before.size) say(`${text(member)} lies in what was padding; fill it with a reserved word first`)
  if (now.size < before.size) say(`its size went from ${before.size} down to ${now.size}`)
}

function judgeEnumerators(before, now, breaks) {
  const all = part => new Map([...part.enums].flatMap(([, values]) => [...values]))
  const values = all(now)
  for (const [name, value] of all(before)) {
    if (!values.has(name)) breaks.push(`enumerator ${name} is gone`)
    else if (values.get(name) !== value) breaks.push(`enumerator ${name} was ${value}, is ${values.get(name)}`)
  }
  for (const name of before.enums.keys()) if (!name.startsWith('(') && !now.enums.has(name)) breaks.push(`enum ${name} is gone`)
}

function judgeTexts(what, before, now, breaks) {
  for (const [name, value] of before) {
    if (!now.has(name)) breaks.push(`${what} ${name} is gone`)
    else if (now.get(name) !== value) breaks.push(`${what} ${name} was ${value}, is ${now.get(name)}`)
  }
}

/** What is there now and was not. */
function additions(before, now) {
  const out = []
  for (const kind of ['constants', 'types', 'structs', 'functions']) for (const name of now[kind].keys()) if (!before?.[kind].has(name)) out.push(name)
  const known = new Set([...(before?.enums.values() ?? [])].flatMap(values => [...values.keys()]))
  for (const values of now.enums.values()) for (const name of values.keys()) if (!known.has(name)) out.push(name)
  for (const [name, struct] of before?.structs ?? []) {
    const grown = now.structs.get(name)?.members.slice(struct.members.length) ?? []
    out.push(...grown.map(member => `${name}: ${member.declaration}`))
  }
  return out
}

/** {breaks, additions}: what would break connectors, and what is new. A higher major starts anew: all connectors are refused by it. */
export function judge(before, now) {
  const breaks = []
  const added = []
  const version = ({ major, minor }) => `${major}.${minor}`
  if (now.version.major > before.version.major) return { breaks, additions: [`ABI ${version(now.version)}`] }
  if (now.version.major < before.version.major || now.version.minor < before.version.minor) breaks.push(`the ABI went from ${version(before.version)} down to ${version(now.version)}`)
  for (const [header, old] of before.headers) {
    const part = now.headers.get(header)
    if (!part) {
      breaks.push(`${header} is gone`)
      continue
    }
    const found = []
    judgeTexts('constant', old.constants, part.constants, found)
    judgeEnumerators(old, part, found)
    judgeTexts('type', old.types, part.types, found)
    judgeTexts('function', old.functions, part.functions, found)
    for (const [name, struct] of old.structs) {
      if (!part.structs.has(name)) found.push(`struct ${name} is gone`)
      else judgeStruct(name, struct, part.structs.get(name), found)
    }
    breaks.push(...found.map(words => `${header}: ${words}`))
  }
  for (const [header, part] of now.headers) {
    const fresh = additions(before.headers.get(header), part)
    added.push(...fresh.map(words => `${header}: ${words}`))
    for (const name of part.enums.keys()) if (name.startsWith('(')) breaks.push(`${header}: the enum ${name} has no name`)
    // Optional features are found by their ids and the size of their tables; the core has only its minor.
    if (header === 'trunkline/abi.h' && fresh.length && now.version.minor === before.version.minor) breaks.push(`${header}: ${fresh[0]} was appended, so TL_ABI_MINOR must be higher than ${before.version.minor}`)
  }
  return { breaks, additions: added }
}
