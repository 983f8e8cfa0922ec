/** Two soft notes when a game is ready. Never blocks: without permission it is silent. */

let audio: AudioContext | null = null;

/** Browsers let a page sound only after a gesture: use the next one. Returns how to stop. */
export function warmChime(): () => void {
  const warm = (): void => {
    audio ??= new AudioContext();
    void audio.resume().catch(() => undefined);
  };
  if (navigator.userActivation?.hasBeenActive) warm();
  window.addEventListener('pointerdown', warm);
  window.addEventListener('keydown', warm);
  return () => {
    window.removeEventListener('pointerdown', warm);
    window.removeEventListener('keydown', warm);
  };
}

export function chime(): void {
  if (audio?.state !== 'running') return;
  note(audio, 659.25, 0); // E5
  note(audio, 880, 0.16); // A5
}

function note(audio: AudioContext, hz: number, after_s: number): void {
  const at = audio.currentTime + after_s;
  const tone = audio.createOscillator();
  const loudness = audio.createGain();
  tone.type = 'sine';
  tone.frequency.value = hz;
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(0.12, at + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.001, at + 0.7);
  tone.connect(loudness).connect(audio.destination);
  tone.start(at);
  tone.stop(at + 0.75);
}
