// Stands in for Express, of which the guide uses this much: routes are called without it.
function Router() {
  const routes = new Map();
  return {
    get: (path, handle) => void routes.set(path, handle),
    async visit(path, request) {
      const answer = { status: 200, headers: {}, type: null, text: '' };
      const response = {
        sendStatus: (status) => void Object.assign(answer, { status }),
        set(name, value) {
          answer.headers[name] = value;
          return response;
        },
        type(type) {
          answer.type = type;
          return response;
        },
        send: (text) => void Object.assign(answer, { text }),
      };
      await routes.get(path)(request, response);
      return answer;
    },
  };
}

const express = { Router };

// biome-ignore lint/style/noDefaultExport: as Express has it.
export default express;
