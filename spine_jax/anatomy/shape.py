"""temporary"""
import dataclasses
from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb

@dataclasses.dataclass(frozen=True)
class VertebraShape:
    body: BodyShape
    canal: CanalShape
    arch: ArchShape
    body_fillet_mm: float = 5.0
    canal_edge_mm: float = 2.0
    side_growth: float = 0.0
    spinous_deviation_mm: float = 0.0
    @property
    def is_symmetric(self): return self.side_growth == 0 and self.spinous_deviation_mm == 0

def initial():
    return VertebraShape(
        body=BodyShape(50.4,43.6,52.4,35.2,32.7,35.2,29.6,28.4,1.8,2.0,-16.0),
        canal=CanalShape(24.,16.0,-22.,-.15,2.0,0.3,0.),
        arch=ArchShape(
        pedicle=Limb(((13.,-14.,5.5,8.,6.),(16.,-21.,4.5,7.5,6.),(16.5,-27.,4.5,8.,6.)),(0.,0.,1.)),
        superior_process=Limb(((17.,-29.5,6.,8.,5.),(17.,-31.5,13.,7.,4.),(16.,-32.5,18.,6.,3.)),(0.6,-0.8,0.),2.4),
        mammillary=Limb(((19.,-38.,9.,4.5,4.),(19.5,-39.5,15.,4.5,3.5)),(0.5,-0.5,0.)),
        inferior_process=Limb(((13.,-30.,3.,5.,4.),(12.,-36.,-13.,6.5,4.5),(12.5,-36.8,-23.5,5.5,4.)),(0.8,-0.5,0.)),
        lamina=Limb(((12.,-30.,-2.,7.,4.),(6.,-35.,-5.5,12.,4.),(1.,-39.,-5.,11.,4.)),(0.,0.3,1.),2.5),
        transverse_process=Limb(((20.,-27.,4.5,6.,5.),(32.,-30.5,5.,5.5,3.),(42.5,-34.5,5.,5.,2.5)),(0.,0.,1.)),
        spinous_process=Limb(((0.,-38.,-2.,7.,3.),(0.,-54.,-7.,11.5,3.),(0.,-64.,-8.8,11.5,3.)),(0.,0.1,1.),2.6),
        spinous_end=Limb(((0.,-67.,-4.,2.5,2.5),(0.,-66.,-15.,3.5,3.5)),(0.,1.,0.)),
        fillet_mm=4.0, joint_mm=2.0)
    )
