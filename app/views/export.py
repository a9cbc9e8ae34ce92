"""export."""

import streamlit as st

st.caption("Not here yet.")
