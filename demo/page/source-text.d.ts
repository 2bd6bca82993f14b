/** A module as the text that it was written as (vite): the page shows what it runs. */
declare module '*?raw' {
  const text: string;
  export default text;
}
