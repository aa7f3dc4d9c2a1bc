import { useParams } from "react-router";

export default function Checkout() {
  const { id } = useParams();
  return <h1>{`Checkout ${id}`}</h1>;
}
