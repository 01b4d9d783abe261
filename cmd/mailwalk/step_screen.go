package main

// runStep shows a walk on the screen. Tests put a function of their own in its
// place.
var runStep = openScreen
