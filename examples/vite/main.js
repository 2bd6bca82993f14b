import 'dtuf/element';
import './main.css';

// The element tells the person what is wrong; this tells you, with all that is known of it.
addEventListener('dtuf-error', ({ detail }) => console.error(detail.code, detail));
