"""Do ImageNet features know your pictures?"""
