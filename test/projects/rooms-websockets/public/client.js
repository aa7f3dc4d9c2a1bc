new WebSocket(`/api/rooms/lobby/socket?name=web`).onmessage = ({ data }) => console.log(data);
