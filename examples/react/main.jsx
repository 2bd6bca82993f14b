import { DTufCopy } from 'dtuf/browser';
import { createRoot } from 'react-dom/client';
import { Download } from './Download.jsx';
import trust from './root.json?raw';

const copy = new DTufCopy({ host: 'https://registry.example.com', repository: 'fred/demo', trust });

createRoot(document.getElementById('app')).render(
  <>
    <h1>Verified downloads</h1>
    <Download copy={copy} target="demo.txt">
      Download demo.txt
    </Download>
  </>,
);
