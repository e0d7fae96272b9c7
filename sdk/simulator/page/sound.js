'use strict'
// Voice messages and round videos: recorded with what the browser has, played with a wave.

// Files as the browser may show them. A simulator hands them out as downloads, so the type is given here, and only types that are no documents.
const blobs = new Map()
const blobsMax = 60
const shownTypes = /^(audio|video)\/[\w.+-]+$|^image\/(png|jpeg|gif|webp)$/
function blobOf(media) {
  if (blobs.has(media.url)) return blobs.get(media.url)
  const made = (async () => {
    const answer = await fetch(media.url)
    if (!answer.ok) throw new Error('the file is gone')
    const bytes = await answer.arrayBuffer()
    const type = (media.mime ?? '').split(';')[0]
    return { bytes, url: URL.createObjectURL(new Blob([bytes], { type: shownTypes.test(type) ? type : '' })) }
  })()
  made.catch(() => blobs.delete(media.url))
  blobs.set(media.url, made)
  if (blobs.size > blobsMax) {
    const [first, old] = blobs.entries().next().value
    blobs.delete(first)
    old.then(({ url }) => URL.revokeObjectURL(url), () => {})
  }
  return made
}

const waveBars = 36
/** How loud each part of a recording is, from 0 to 1, and how long it lasts; undefined when the browser cannot read it. */
async function wave(media) {
  if (media.size > 4 << 20) return undefined
  try {
    const { bytes } = await blobOf(media)
    const sound = await new OfflineAudioContext(1, 1, 16_000).decodeAudioData(bytes.slice(0))
    const samples = sound.getChannelData(0)
    const part = Math.max(1, Math.floor(samples.length / waveBars))
    const bars = Array.from({ length: waveBars }, (_, n) => {
      let sum = 0
      for (let i = n * part; i < (n + 1) * part && i < samples.length; i += 4) sum += samples[i] ** 2
      return Math.sqrt(sum / (part / 4))
    })
    const most = Math.max(...bars, 0.001)
    return { bars: bars.map(b => b / most), seconds: sound.duration }
  } catch {}
}

let playing = null // the one that sounds: there is one loudspeaker
function voicePlayer(media) {
  const bars = el('span', { class: 'bars', aria: { hidden: 'true' } }, ...Array.from({ length: waveBars }, () => el('i')))
  const at = el('input', { type: 'range', min: 0, max: 1000, value: 0, aria: { label: 'Position' } })
  const time = el('time', {}, lasting(media.duration ?? 0))
  const button = el('button', { type: 'button', class: 'round', data: { testid: 'sim-play' }, aria: { label: 'Play' } }, icon('play'))
  const sound = new Audio()
  let seconds = media.duration ?? 0
  const draw = () => {
    const share = seconds ? sound.currentTime / seconds : 0
    ;[...bars.children].forEach((bar, n) => bar.classList.toggle('on', n / waveBars < share))
    at.value = share * 1000
    at.setAttribute('aria-valuetext', `${lasting(sound.currentTime)} of ${lasting(seconds)}`)
    time.textContent = lasting(sound.currentTime || seconds)
  }
  const face = () => {
    button.replaceChildren(icon(sound.paused ? 'play' : 'pause'))
    button.setAttribute('aria-label', sound.paused ? 'Play' : 'Pause')
  }
  sound.ontimeupdate = draw
  sound.onplay = sound.onpause = face
  sound.onended = () => { sound.currentTime = 0; draw() }
  const load = async () => { if (!sound.src) sound.src = (await blobOf(media)).url }
  button.onclick = async event => {
    event.stopPropagation()
    if (!sound.paused) return sound.pause()
    try {
      await load()
      if (playing !== sound) playing?.pause()
      playing = sound
      await sound.play()
    } catch {
      toast('This cannot be played here.')
    }
  }
  at.onclick = event => event.stopPropagation()
  at.oninput = async () => {
    await load().catch(() => {})
    sound.currentTime = (at.value / 1000) * seconds
    draw()
  }
  // Until the wave is known a flat line stands for it.
  wave(media).then(known => {
    if (!known) return
    seconds = known.seconds
    ;[...bars.children].forEach((bar, n) => { bar.style.height = `${Math.max(12, known.bars[n] * 100)}%` })
    draw()
  })
  return el('span', { class: 'voice' }, button, el('span', { class: 'wave' }, at, bars, time))
}

/** A round video: played by a click. */
function notePlayer(media) {
  const video = el('video', { playsInline: true, loop: true, preload: 'metadata' })
  const button = el('button', { type: 'button', class: 'note', aria: { label: 'Play the video message' } }, video, icon('play'))
  blobOf(media).then(({ url }) => { video.src = url }, () => {})
  button.onclick = event => {
    event.stopPropagation()
    if (video.paused) video.play().catch(() => toast('This cannot be played here.'))
    else video.pause()
  }
  video.onplay = video.onpause = () => button.classList.toggle('playing', !video.paused)
  return button
}

// Recording.

const canRecord = () => Boolean(globalThis.MediaRecorder && navigator.mediaDevices?.getUserMedia)
const soundTypes = ['audio/ogg;codecs=opus', 'audio/webm;codecs=opus', 'audio/mp4']
let recording = null

/** The last loudness of what is recorded, as bars that run to the left. */
function drawLevels(canvas, levels) {
  const paper = canvas.getContext('2d')
  paper.clearRect(0, 0, canvas.width, canvas.height)
  paper.fillStyle = getComputedStyle(canvas).color
  const step = 5, shown = levels.slice(-Math.floor(canvas.width / step))
  shown.forEach((level, n) => {
    const height = Math.max(3, level * canvas.height)
    paper.fillRect(canvas.width - (shown.length - n) * step, (canvas.height - height) / 2, 3, height)
  })
}

async function startRecording() {
  let stream
  try {
    if (!canRecord()) throw new Error('no recorder')
    stream = await navigator.mediaDevices.getUserMedia({ audio: true })
  } catch {
    toast('There is no microphone: choose an audio file.')
    return chooseFile('voice')
  }
  const type = soundTypes.find(one => MediaRecorder.isTypeSupported(one))
  const recorder = new MediaRecorder(stream, type ? { mimeType: type, audioBitsPerSecond: 32_000 } : {})
  const pieces = [], levels = []
  const context = new AudioContext()
  const ear = context.createAnalyser()
  ear.fftSize = 512
  context.createMediaStreamSource(stream).connect(ear)
  const heard = new Float32Array(ear.fftSize)
  const began = performance.now()
  const tick = setInterval(() => {
    ear.getFloatTimeDomainData(heard)
    levels.push(Math.min(1, Math.sqrt(heard.reduce((sum, v) => sum + v * v, 0) / heard.length) * 4))
    drawLevels($('recorder').querySelector('canvas'), levels)
    $('recorder').querySelector('time').textContent = lasting((performance.now() - began) / 1000)
  }, 80)
  recorder.ondataavailable = event => pieces.push(event.data)
  recorder.start(500)
  const stop = () => new Promise(done => {
    clearInterval(tick)
    recorder.onstop = () => {
      for (const track of stream.getTracks()) track.stop()
      context.close()
      done({ blob: new Blob(pieces, { type: recorder.mimeType }), seconds: Math.max(1, Math.round((performance.now() - began) / 1000)) })
    }
    recorder.stop()
  })
  recording = { stop, user }
  closeDrawers()
  $('row').hidden = true
  $('recorder').hidden = false
  $('recorder').querySelector('[data-act=send]').focus()
}

async function endRecording(sending) {
  const one = recording
  recording = null
  if (!one) return
  const { blob, seconds } = await one.stop()
  $('recorder').hidden = true
  $('row').hidden = false
  $('mic').focus()
  if (!sending || one.user !== user) return
  const sound = await asOgg(blob)
  await sendFile(new File([sound], sound.type.includes('ogg') ? 'voice.ogg' : 'voice', { type: sound.type.split(';')[0] }), 'voice', { duration: seconds })
}
$('recorder').onclick = event => {
  const act = event.target.closest('button')?.dataset.act
  if (act) endRecording(act === 'send')
}
$('recorder').onkeydown = event => { if (event.key === 'Escape') endRecording(false) }
$('mic').onclick = startRecording
