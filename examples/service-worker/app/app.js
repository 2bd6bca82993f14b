// Published as the target app.js: no page runs it before it was verified.
export async function start(place) {
  const { greeting } = await (await fetch(new URL('words.json', import.meta.url))).json();
  place.textContent = greeting;
}
